"""Daemons that sign what they send, on the wire: with each other, with other keys after a reload, and in floods."""

import hmac
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from itertools import pairwise
from typing import Any, Final

import pytest

from failover.frames import advertisement_datagram
from failover.lab.network.capture import Capture
from failover.lab.network.lan import Host, Lan
from failover.lab.network.waiting import wait_until
from failover.vrrp import Address, Family, encode
from failover.vrrp.authentication import sequence, trailer
from failover.vrrp.packet.checksum import pseudo_header, verifies
from failover.vrrp.protocol import PROTOCOL_NUMBER
from tests.engine.daemons import INTERVAL, OurDaemon, ask, router
from tests.engine.flooding import flooding
from tests.engine.garbage import V3
from tests.engine.test_floods import SOURCE, slowness, worked

pytestmark = pytest.mark.root

NANOSECONDS: Final = 1_000_000_000
RATE: Final = 50_000
LONG: Final = 2.0
CPU_ALLOWED: Final = 0.3
"""Of a core, on the machine of the published benchmarks."""


def a_key(host: Host, number: int) -> str:
    file = host.directory / f"key-{number}"
    file.touch(0o600)
    file.write_text(f"{number:02x}" * 32)
    return str(file)


def entry(host: Host, priority: int, numbers: Sequence[int] = (1,), active: int = 1, **changes: Any) -> dict[str, Any]:
    authentication = {
        "method": "hmac_sha256",
        "keys": {str(number): {"file": a_key(host, number)} for number in numbers},
        "active_key": active,
        **changes,
    }
    addresses = ("192.0.2.100/24", "fe80::51:1/64")
    return router(51, *addresses, priority=priority, authentication=authentication)


@dataclass
class Pair:
    """A MASTER and its BACKUP, and a stranger who is not captured."""

    hosts: tuple[Host, Host]
    stranger: Host
    daemons: tuple[OurDaemon, OurDaemon]
    capture: Capture

    def counted(self, number: int, family: Family = Family.IPV4) -> dict[str, Any]:
        counters: dict[str, Any] = self.daemons[number].router(0 if family is Family.IPV4 else 1)["counters"]
        return counters

    def unmoved(self) -> bool:
        found = [[one.router(number) for number in range(2)] for one in self.daemons]
        states = [[(each["state"], each["counters"]["transitions_to_master"]) for each in one] for one in found]
        return states == [[("MASTER", 1)] * 2, [("BACKUP", 0)] * 2]

    def gaps(self, since: int) -> list[float]:
        """Seconds between advertisements over IPv4."""
        times = [one.at for one in self.capture.adverts(vrid=51, since=since) if one.source.version == 4]
        return [(later - earlier) / NANOSECONDS for earlier, later in pairwise(times)]

    def recorded(self) -> bytes:
        """A datagram of the MASTER's, over IPv4."""
        frames = [one.data for one in self.capture.frames() if one.data[12:14] == b"\x08\x00" and one.data[23] == 112]
        return frames[-1][14:]


@pytest.fixture
def pair(lan: Lan) -> Pair:
    hosts = lan.host("one", "192.0.2.11/24"), lan.host("two", "192.0.2.12/24")
    stranger = lan.host("three", "192.0.2.13/24")
    capture = lan.capture()
    one = OurDaemon(hosts[0], entry(hosts[0], 200))
    for number in range(2):
        one.wait_for("MASTER", number=number)
    two = OurDaemon(hosts[1], entry(hosts[1], 100))
    for number in range(2):
        two.wait_for("BACKUP", number=number)
    made = Pair(hosts, stranger, (one, two), capture)
    wait_until(lambda: all(made.counted(1, family)["advertisements_received"] for family in Family), "it is heard")
    return made


def test_two_hosts_elect_one_and_say_how_and_never_with_which_key(pair: Pair) -> None:
    assert pair.daemons[0].router()["authentication"] == {
        "method": "hmac_sha256",
        "password_is_cut": None,
        "mode": "enforce",
        "keys": [1],
        "active_key": 1,
        "anti_replay": "time",
        "time_window_seconds": 5.0,
    }
    for number, daemon in enumerate(pair.daemons):
        assert all(pair.counted(number, family)["discarded"] == {} for family in Family)
        assert "01" * 32 not in daemon.log() + json.dumps(daemon.status())
    pair.daemons[0].kill()
    pair.daemons[1].wait_for("MASTER", number=0)
    pair.daemons[1].wait_for("MASTER", number=1)


def test_a_key_is_changed_by_reloads_without_a_lost_advertisement(pair: Pair) -> None:
    since = time.time_ns()
    for numbers, active in (((1, 2), 1), ((1, 2), 2), ((2,), 2)):
        for host, daemon, priority in zip(pair.hosts, pair.daemons, (200, 100), strict=True):
            daemon.config.write_text(json.dumps([entry(host, priority, numbers, active)]))
            assert ask(daemon.control, "/reload", "POST")[0] == 200
    time.sleep(4 * INTERVAL)
    assert pair.unmoved()
    assert all(pair.counted(number, family)["discarded"] == {} for number in range(2) for family in Family)
    assert max(pair.gaps(since)) < 3 * INTERVAL
    assert pair.recorded()[-27] == 2


def forged(count: int) -> list[bytes]:
    """Advertisements of the highest priority, of about now, with digests that are made up."""
    made = []
    for number in range(count):
        now = sequence.Sequence(sequence.at(time.time_ns()) + number)
        message = encode(V3, SOURCE)
        made.append(advertisement_datagram(SOURCE, message + trailer.head(1, now) + bytes([number + 1] * 16)))
    return made


@pytest.mark.parametrize("kind", ["replayed", "forged"])
def test_a_flood_moves_nobody_and_real_advertisements_are_heard_on_time(pair: Pair, kind: str) -> None:
    first, *others = [pair.recorded()] if kind == "replayed" else forged(60)
    before, since, started = [worked(one) for one in pair.daemons], time.time_ns(), time.monotonic()
    received = pair.counted(1)["advertisements_received"]
    with flooding(pair.stranger) as flood:
        sent = flood.send(first, RATE, LONG, *others)
    elapsed = time.monotonic() - started
    busy = [(worked(one) - was) / elapsed for one, was in zip(pair.daemons, before, strict=True)]
    wait_until(lambda: pair.counted(1)["advertisements_received"] > received, "the BACKUP hears the MASTER", 10)
    print(f"{kind}: {sent / elapsed:.0f}/s, busy {busy}, {pair.counted(1)}")
    assert pair.unmoved()
    assert pair.counted(1)["discarded"]["replayed" if kind == "replayed" else "signature"] >= 100
    assert sorted(pair.gaps(since))[len(pair.gaps(since)) // 2] < 1.2 * INTERVAL
    assert max(busy) < CPU_ALLOWED * slowness()


PEERS: Final = {
    Family.IPV4: ["192.0.2.11", "192.0.2.12", "192.0.2.13"],
    Family.IPV6: ["2001:db8::11", "2001:db8::12", "2001:db8::13"],
}
VIRTUAL: Final = {Family.IPV4: ["192.0.2.100/24"], Family.IPV6: ["fe80::51:1/64", "2001:db8::100/64"]}


def to_peers(host: Host, family: Family, priority: int) -> dict[str, Any]:
    return {**entry(host, priority), "ip_addresses": VIRTUAL[family], "unicast_peers": PEERS[family]}


@pytest.mark.parametrize("family", Family)
def test_each_peer_gets_the_same_signature_and_a_checksum_of_its_own(lan: Lan, family: Family) -> None:
    hosts = [lan.host(label, f"192.0.2.{n}/24", f"2001:db8::{n}/64") for n, label in enumerate(("one", "two"), 11)]
    capture = lan.capture()
    lan.host("three", "192.0.2.13/24", "2001:db8::13/64")
    one = OurDaemon(hosts[0], to_peers(hosts[0], family, 200))
    one.wait_for("MASTER")
    two = OurDaemon(hosts[1], to_peers(hosts[1], family, 100))
    two.wait_for("BACKUP")
    wait_until(lambda: two.router().get("master") == PEERS[family][0], "the BACKUP follows it")
    assert all(daemon.router()["counters"]["discarded"] == {} for daemon in (one, two))

    sent: dict[bytes, set[str]] = {}
    source = ip_address(PEERS[family][0])
    for packet in payloads(capture, family):
        if packet.source == source:
            assert packet.message[-16:] == digest_of(packet)
            assert is_right(packet)
            sent.setdefault(packet.message[-28:], set()).add(str(packet.destination))
    both = [peers for peers in sent.values() if len(peers) > 1]
    assert both
    assert all(peers == set(PEERS[family][1:]) for peers in both)
    one.stop()
    two.wait_for("MASTER")
    assert two.router()["counters"]["priority_zero_received"] >= 1


@dataclass
class Packet:
    """An advertisement as it was on the wire."""

    source: Address
    destination: Address
    message: bytes


def payloads(capture: Capture, family: Family) -> list[Packet]:
    found = []
    for frame in capture.frames():
        data = frame.data[14:]
        if family is Family.IPV4 and frame.data[12:14] == b"\x08\x00" and data[9] == PROTOCOL_NUMBER:
            total = int.from_bytes(data[2:4])
            found.append(Packet(ip_address(data[12:16]), ip_address(data[16:20]), data[20:total]))
        if family is Family.IPV6 and frame.data[12:14] == b"\x86\xdd" and data[6] == PROTOCOL_NUMBER:
            length = int.from_bytes(data[4:6])
            found.append(Packet(ip_address(data[8:24]), ip_address(data[24:40]), data[40 : 40 + length]))
    return found


def digest_of(packet: Packet) -> bytes:
    """What the draft says, by the library of Python."""
    message = packet.message
    pseudo = bytes((packet.source.version, message[0] >> 4, message[1], 0)) + packet.source.packed.ljust(16, b"\0")
    covered = pseudo + message[:6] + b"\0\0" + message[8:-16] + bytes(16)
    return hmac.digest(bytes([1]) * 32, covered, "sha256")[:16]


def is_right(packet: Packet) -> bool:
    """Whether the checksum is: of IPv4 that of the message alone, of IPv6 that of everything to this destination."""
    if packet.source.version == 4:
        return verifies(packet.message[:-28])
    return verifies(packet.message, pseudo_header(packet.source, packet.destination, len(packet.message)))
