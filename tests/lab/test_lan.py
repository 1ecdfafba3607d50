"""The LAN: hosts, cables, and that nothing of it remains or reaches the machine's own network."""

import os
import signal
import socket
import struct
import subprocess
import sys
import time
from contextlib import ExitStack
from ipaddress import ip_interface
from pathlib import Path

import pytest

from failover.lab.judge import who_has
from failover.lab.network.lan import Host, Lan
from failover.lab.network.namespaces import DIRECTORY, CommandError, run
from failover.lab.network.waiting import wait_until

pytestmark = pytest.mark.root

SWEEP = """
import sys, time
from failover.lab.network.lan import Lan
with Lan() as lan:
    host = lan.host("one", "192.0.2.1/24")
    host.popen(["sleep", "60"])
    print("ready", flush=True)
    time.sleep(60)
"""


def machine() -> str:
    """The machine's own interfaces, addresses and routes."""
    return run(["ip", "-o", "addr"]).stdout + run(["ip", "-o", "link"]).stdout + run(["ip", "route"]).stdout


def made_by(pid: int) -> list[Path]:
    return [*DIRECTORY.glob(f"fo-{pid}-*")]


def ping(lan: Lan, source: int, address: str) -> bool:
    """One echo request; ARP repeats its question after a second."""
    done = lan.hosts[source].run(["ping", "-c", "1", "-W", "2", address], check=False)
    return done.returncode == 0


def test_hosts_reach_each_other_in_both_families(lan: Lan) -> None:
    lan.host("one", "192.0.2.1/24", "2001:db8::1/64")
    two = lan.host("two", "192.0.2.2/24", "2001:db8::2/64")
    assert ping(lan, 0, "192.0.2.2")
    assert ping(lan, 0, "2001:db8::2")
    expected = {ip_interface(a) for a in ("192.0.2.2/24", "2001:db8::2/64", "fe80::ff:fe00:2/64")}
    assert two.held() == expected


def test_a_host_may_be_called_by_one_letter_or_by_a_word_of_the_ip_command(lan: Lan) -> None:
    lan.host("a", "192.0.2.1/24")
    lan.host("type", "192.0.2.2/24")
    assert ping(lan, 0, "192.0.2.2")


def test_a_cut_cable_takes_the_carrier_and_a_restored_one_gives_it_back(lan: Lan) -> None:
    lan.host("one", "192.0.2.1/24")
    two = lan.host("two", "192.0.2.2/24")
    lan.cut(two)
    assert not ping(lan, 0, "192.0.2.2")
    wait_until(lambda: "NO-CARRIER" in two.run(["ip", "link", "show", "dev", "eth0"]).stdout, "carrier lost")
    lan.restore(two)
    assert ping(lan, 0, "192.0.2.2")


def test_a_blocked_cable_loses_frames_and_keeps_the_carrier(lan: Lan) -> None:
    lan.host("one", "192.0.2.1/24")
    two = lan.host("two", "192.0.2.2/24")
    lan.block(two)
    assert not ping(lan, 0, "192.0.2.2")
    assert "NO-CARRIER" not in two.run(["ip", "link", "show", "dev", "eth0"]).stdout
    lan.unblock(two)
    assert ping(lan, 0, "192.0.2.2")


def test_a_rebooted_host_has_its_own_addresses_only_and_runs_nothing(lan: Lan) -> None:
    host = lan.host("one", "192.0.2.1/24", "2001:db8::1/64")
    before = host.held()
    host.ip(
        "addr add 192.0.2.100/24 dev eth0",
        "addr add fe80::51/64 dev eth0 nodad",
        "link add name vrrp51 link eth0 type macvlan mode bridge",
        "link set dev vrrp51 up",
    )
    process = host.popen(["sleep", "60"])
    lan.reboot(host)
    lan.wait_for_carrier(host)
    assert process.returncode == -signal.SIGKILL
    wait_until(lambda: host.held() == before, "its own addresses")
    assert "vrrp51" not in host.run(["ip", "link"]).stdout


@pytest.mark.parametrize("snooping", [False, True])
def test_ipv6_neighbours_are_found_with_and_without_multicast_snooping(*, snooping: bool) -> None:
    with Lan(multicast_snooping=snooping) as lan:
        one, two = lan.host("one"), lan.host("two")
        wait_until(lambda: who_has(one, str(two.link_local)) == {two.mac}, "the neighbour answers")


GROUP = socket.inet_pton(socket.AF_INET6, "ff02::12")


def listener(host: Host) -> socket.socket:
    """Hears whatever IPv6 the switch lets through to a host."""
    with host.enter():
        made = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK, socket.htons(0x86DD))
    made.bind((host.interface, 0x86DD))
    return made


def hears(ear: socket.socket, token: bytes) -> bool:
    try:
        while not ear.recv(2048).endswith(token):
            pass
    except BlockingIOError:
        return False
    return True


def test_a_snooping_switch_keeps_ipv6_multicast_from_those_who_did_not_join() -> None:
    with Lan(multicast_snooping=True) as lan, ExitStack() as sockets:
        sender, member, stranger = lan.host("sender"), lan.host("member"), lan.host("stranger")
        ears = [sockets.enter_context(listener(host)) for host in (member, stranger)]
        with member.enter():
            joined = sockets.enter_context(socket.socket(socket.AF_INET6, socket.SOCK_DGRAM))
            request = GROUP + struct.pack("@I", socket.if_nametoindex(member.interface))
        joined.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, request)
        with sender.enter():
            mouth = sockets.enter_context(socket.socket(socket.AF_INET6, socket.SOCK_DGRAM))
            scope = socket.if_nametoindex(sender.interface)

        def only_the_member_hears() -> bool:
            token = os.urandom(8)
            mouth.sendto(token, ("ff02::12", 5000, 0, scope))
            time.sleep(0.02)
            return [hears(ear, token) for ear in ears] == [True, False]

        wait_until(only_the_member_hears, "the switch knows the member")


def test_the_lan_leaves_nothing_and_touches_nothing() -> None:
    before = machine()
    with Lan() as lan:
        host = lan.host("one", "192.0.2.1/24")
        directory = host.directory
        assert len(made_by(os.getpid())) == 2
        assert machine() == before
    assert not made_by(os.getpid())
    assert not directory.exists()
    assert machine() == before


def fail_on_a_lan() -> None:
    with Lan() as lan:
        lan.host("one", "192.0.2.1/24").popen(["sleep", "60"])
        lan.capture()
        _ = 1 / 0


def test_an_exception_inside_leaves_nothing() -> None:
    with pytest.raises(ZeroDivisionError):
        fail_on_a_lan()
    assert not made_by(os.getpid())


def test_a_host_that_cannot_be_made_leaves_nothing() -> None:
    with Lan() as lan, pytest.raises(CommandError, match="exit status"):
        lan.host("a-name-of-more-than-fifteen-letters")
    assert not made_by(os.getpid())


def test_ctrl_c_leaves_nothing_even_when_pressed_twice() -> None:
    with subprocess.Popen([sys.executable, "-c", SWEEP], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as lab:
        assert lab.stdout is not None
        assert lab.stdout.readline() == b"ready\n"
        assert made_by(lab.pid)
        lab.send_signal(signal.SIGINT)
        wait_until(lambda: len(made_by(lab.pid)) < 2 or lab.poll() is not None, "it removes")
        lab.send_signal(signal.SIGINT)
        lab.wait(10)
    assert not made_by(lab.pid)
