"""The process that reads the configuration for the engine: good files, bad ones, and its own mishaps."""

import errno
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, nullcontext
from functools import partial
from pathlib import Path
from typing import cast

import msgspec
import pytest

from failover.config import DaemonSettings, parse
from failover.engine.fleet.engine import Engine
from failover.engine.intended import intended
from failover.engine.loop.loop import Loop
from failover.engine.process.claims import HeldClaims
from failover.engine.reload import reader_process as reading
from failover.engine.reload.reader_process import Read, ReaderProcess, Unread
from failover.engine.reload.reload import Outcome, Reload
from failover.messages import NotReloaded
from failover.vrrp import seconds

GOOD = """{"daemon": {"realtime_priority": 7}, "virtual_routers": [
    {"vrid": 51, "interface_name": "eth0", "ip_addresses": ["192.0.2.100/24", "fe80::100/64"]},
    {"vrid": 52, "interface_name": "eth1", "ip_addresses": ["192.0.2.101/24"]}
]}"""


@pytest.fixture
def loop() -> Iterator[Loop]:
    with closing(Loop()) as made:
        yield made


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "vrrp-config.json"
    path.write_text(GOOD)
    return path


def outcome(loop: Loop, file: Path) -> Read | Unread:
    found: list[Read | Unread] = []
    ReaderProcess(str(file), loop, nullcontext, found.append)
    while not found:
        loop.wait()
    return found[0]


def no_child() -> bool:
    try:
        os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return True
    return False


def instead(monkeypatch: pytest.MonkeyPatch, directory: Path, script: str) -> None:
    """A shell script in the place of Python."""
    path = directory / "python"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(path))


def test_a_good_file_is_what_it_would_be_at_the_start(loop: Loop, file: Path) -> None:
    good = parse(GOOD)
    assert outcome(loop, file) == Read(intended(good), DaemonSettings(realtime_priority=7), good.digest)
    assert no_child()


def test_more_excluded_addresses_than_fit_a_packet_arrive(loop: Loop, file: Path) -> None:
    many = [f"2001:db8:{half}::{number:x}/128" for half in (1, 2) for number in range(1, 4000)]
    entries = [
        {"vrid": vrid, "interface_name": "eth0", "ip_addresses": [f"fe80::{vrid}/64"], "excluded_ip_addresses": part}
        for vrid, part in ((50, []), (51, many), (52, ["2001:db8::1/128"]))
    ]
    file.write_text(json.dumps(entries))
    whole = parse(file.read_text())
    assert outcome(loop, file) == Read(intended(whole), DaemonSettings(), whole.digest)


def test_a_bad_file_is_refused_with_its_report(loop: Loop, file: Path) -> None:
    file.write_text(GOOD.replace("51", "351"))
    found = outcome(loop, file)
    assert isinstance(found, Unread)
    assert found.is_bad
    assert found.report.startswith(f"{file}: 1 problem\n  $.virtual_routers[0].vrid: 351 is out of range")
    assert no_child()


@pytest.mark.parametrize(
    ("script", "how"), [("exit 7", "status 7"), ("kill -KILL $$", "SIGKILL"), ("exec 3>&-; exec sleep 60", "SIGKILL")]
)
def test_a_process_that_dies_is_told_of(
    loop: Loop, file: Path, monkeypatch: pytest.MonkeyPatch, script: str, how: str
) -> None:
    instead(monkeypatch, file.parent, script)
    expected = f"the process that reads the configuration died ({how})"
    assert outcome(loop, file) == Unread(expected, is_bad=False)
    assert no_child()


ADDRESS = (bytes([192, 0, 2, 100]), 24)
INSTANCE: dict[str, object] = {
    "name": "VR_51",
    "interface": "eth0",
    "family": 4,
    "vrid": 51,
    "addresses": [ADDRESS],
    "excluded_addresses": [],
    "preferred_lifetime": "forever",
    "accept_mode": True,
    "version": 3,
    "priority": 100,
    "advertisement_interval": seconds(1),
    "preempt_mode": True,
    "checksum": "auto",
    "require_link_local": True,
    "check_address_list": False,
    "with_version_2": False,
    "password": None,
    "keyed": None,
}


@pytest.mark.parametrize(
    "message",
    [
        b"\xc1",
        b"\xff" * 100,
        "a text",
        {"type": "unknown"},
        {"type": "bad", "report": 7},
        {"type": "instances", "some": [INSTANCE | {"vrid": 351}]},
        {"type": "instances", "some": [INSTANCE | {"addresses": [], "excluded_addresses": [ADDRESS]}]},
        {"type": "instances", "some": [INSTANCE | {"addresses": [(b"\x7f", 8)]}]},
        {"type": "instances", "some": [INSTANCE | {"addresses": [(bytes(4), 33)]}]},
        {"type": "instances", "some": [INSTANCE | {"preferred_lifetime": "soon"}]},
        {"type": "instances", "some": [INSTANCE | {"advertisement_interval": 0}]},
        {"type": "excluded", "addresses": [(bytes(5), 8)]},
        {"type": "complete", "daemon": {"realtime_priority": 1000}, "digest": ""},
        {"type": "complete", "daemon": {"agent_user": "a:b"}, "digest": ""},
    ],
    ids=str,
)
def test_a_process_that_says_what_is_no_configuration_is_ended_and_told_of(
    loop: Loop, file: Path, monkeypatch: pytest.MonkeyPatch, message: object
) -> None:
    said = message if isinstance(message, bytes) else msgspec.msgpack.encode(message)
    (file.parent / "said").write_bytes(said)
    instead(monkeypatch, file.parent, f"cat {file.parent}/said >&3; exec sleep 60")
    expected = "the answer of the process that reads the configuration was not understood"
    assert outcome(loop, file) == Unread(expected, is_bad=False)
    assert no_child()


def test_the_instance_of_that_test_is_good_but_for_what_it_changes(
    loop: Loop, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    complete = {"type": "complete", "daemon": {}, "digest": "0a1b2c3d"}
    for name, message in (("1", {"type": "instances", "some": [INSTANCE]}), ("2", complete)):
        (file.parent / name).write_bytes(msgspec.msgpack.encode(message))
    instead(monkeypatch, file.parent, f"cat {file.parent}/1 >&3; cat {file.parent}/2 >&3")
    found = outcome(loop, file)
    assert isinstance(found, Read)
    assert [one.name for one in found.instances] == ["VR_51"]


def test_a_disk_that_does_not_answer_is_not_waited_for_for_ever(
    loop: Loop, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    instead(monkeypatch, file.parent, "exec sleep 60")
    monkeypatch.setattr(reading, "_PATIENCE", seconds(0.05))
    assert outcome(loop, file) == Unread("the configuration could not be read within 0.05 s", is_bad=False)
    assert no_child()


def refuse(*_: object) -> None:
    raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))


def test_a_process_that_may_not_be_killed_has_read_the_file_all_the_same(
    loop: Loop, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where we are root without CAP_KILL, and it has become another user."""
    monkeypatch.setattr(signal, "pidfd_send_signal", refuse)
    assert isinstance(outcome(loop, file), Read)
    assert no_child()


def test_a_process_that_may_not_be_killed_and_hangs_is_left_alone(
    loop: Loop, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    instead(monkeypatch, file.parent, f"echo $$ > {file.parent}/number; exec sleep 60")
    monkeypatch.setattr(reading, "_PATIENCE", seconds(1))
    with monkeypatch.context() as patch:
        patch.setattr(signal, "pidfd_send_signal", refuse)
        assert outcome(loop, file) == Unread("the configuration could not be read within 1 s", is_bad=False)
    number = int((file.parent / "number").read_text())
    os.kill(number, signal.SIGKILL)
    os.waitpid(number, 0)


def test_a_daemon_that_ends_leaves_no_process_behind(loop: Loop, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    instead(monkeypatch, file.parent, "exec sleep 60")
    reading = ReaderProcess(str(file), loop, nullcontext, lambda _: pytest.fail("it was left"))
    reading.stop()
    assert no_child()
    loop.dispatch()


@pytest.mark.parametrize("broken", ["posix_spawn", "pidfd_open"])
def test_a_system_without_room_for_a_process_is_no_end_of_the_daemon(
    loop: Loop, file: Path, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    told: list[str] = []
    answers: list[Outcome] = []
    read: Callable[[Callable[[Read | Unread], None]], ReaderProcess] = partial(
        ReaderProcess, str(file), loop, nullcontext
    )
    reload = Reload(
        read,
        DaemonSettings(),
        cast(Engine, None),
        cast(HeldClaims, None),
        lambda: told.append("began"),
        lambda _, changed: told.append(f"ended, {len(changed)} changed"),
    )

    def refuse(*_: object, **__: object) -> int:
        raise OSError(errno.EAGAIN, "Resource temporarily unavailable")

    monkeypatch.setattr(os, broken, refuse)
    for _ in range(2):
        reload.ask(answers.append)
    report = "no process could be started to read the configuration: Resource temporarily unavailable"
    assert answers == [NotReloaded(report=report, is_bad=False)] * 2
    assert told == ["began", "ended, 0 changed"] * 2
    assert no_child()
