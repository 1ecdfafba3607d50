"""The capture on the switch: complete, in order, once each, and as tshark reads it."""

import socket
import subprocess
import time
from pathlib import Path

import pytest

from failover.lab.network.capture import Capture
from failover.lab.network.lan import Host, Lan
from failover.lab.network.waiting import wait_until

pytestmark = pytest.mark.root


def frames_from(host: Host, count: int) -> None:
    """Broadcast numbered frames of an experimental protocol."""
    with host.enter(), socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as sender:
        sender.bind((host.interface, 0x88B5))
        mac = bytes.fromhex(host.mac.replace(":", ""))
        for number in range(count):
            sender.send(b"\xff" * 6 + mac + b"\x88\xb5" + number.to_bytes(4) + bytes(40))


def numbers(capture: Capture) -> list[tuple[str, int]]:
    return [(f.host, int.from_bytes(f.data[14:18])) for f in capture.frames() if f.data[12:14] == b"\x88\xb5"]


def test_every_frame_is_there_once_with_its_host_and_the_time(lan: Lan) -> None:
    one, two = lan.host("one"), lan.host("two")
    capture = lan.capture()
    before = time.time_ns()
    frames_from(one, 1000)
    frames_from(two, 1000)
    after = time.time_ns()
    found = numbers(capture)
    assert found == [("one", n) for n in range(1000)] + [("two", n) for n in range(1000)]
    times = [frame.at for frame in capture.frames() if frame.data[12:14] == b"\x88\xb5"]
    assert times == sorted(times)
    assert before < times[0]
    assert times[-1] < after
    assert capture.dropped == 0


def test_one_host_alone_can_be_listened_to(lan: Lan) -> None:
    one, two = lan.host("one"), lan.host("two")
    capture = lan.capture(only=two)
    frames_from(one, 3)
    frames_from(two, 3)
    assert numbers(capture) == [("two", n) for n in range(3)]


def test_a_full_buffer_is_told(lan: Lan) -> None:
    one = lan.host("one")
    capture = lan.capture(buffer_bytes=4096)
    frames_from(one, 200)
    assert capture.dropped > 0


def test_a_host_can_be_left_out(lan: Lan) -> None:
    one, two, three = lan.host("one"), lan.host("two"), lan.host("three")
    capture = lan.capture(two)
    for host in (two, three, one):
        frames_from(host, 2)
    assert numbers(capture) == [("three", 0), ("three", 1), ("one", 0), ("one", 1)]


def test_what_was_heard_stays_after_closing(lan: Lan) -> None:
    one = lan.host("one")
    with lan.capture() as capture:
        frames_from(one, 3)
    frames_from(one, 3)
    assert len(numbers(capture)) == 3


def test_a_blocked_host_is_still_heard(lan: Lan) -> None:
    one = lan.host("one")
    capture = lan.capture()
    lan.block(one)
    frames_from(one, 3)
    assert len(numbers(capture)) == 3


def test_a_pcap_file_has_the_nanoseconds_and_the_bytes(lan: Lan, tmp_path: Path) -> None:
    one = lan.host("one")
    capture = lan.capture()
    frames_from(one, 2)
    wait_until(lambda: len(capture.frames()) >= 2, "frames")
    capture.close()
    capture.write_pcap(tmp_path / "lan.pcap")
    fields = ["-T", "fields", "-e", "frame.time_epoch", "-e", "frame.len"]
    said = subprocess.run(
        ["tshark", "-r", str(tmp_path / "lan.pcap"), *fields], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    expected = [f"{f.at // 10**9}.{f.at % 10**9:09d}\t{len(f.data)}" for f in capture.frames()]
    assert said == expected
