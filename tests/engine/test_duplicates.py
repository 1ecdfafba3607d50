"""Two hosts with the same address, as clones have: each is MASTER, hears nothing of the other, and says so."""

import socket
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from functools import partial
from ipaddress import ip_address

import pytest

from failover.frames import advertisement_datagram
from failover.lab.network.lan import Lan
from failover.lab.network.waiting import wait_until
from failover.linux.sockets.looking.lookout import Lookout, Sought
from failover.vrrp import Address, Family, encode
from tests.engine.daemons import OurDaemon, router
from tests.engine.garbage import V3, V6

pytestmark = pytest.mark.root

SAID = "another host ({}) has this host's address {}: give one of them another address"
_PROTOCOL_AT = {4: 23, 6: 20}
"""In a frame, by the version of IP."""
LOOK = 12
"""Seconds that a look takes at most."""
LATEST = 75
"""Seconds: looks are a minute apart."""


def both(lan: Lan, own: str, virtual: str) -> Iterator[OurDaemon]:
    """Two daemons on hosts with the same address; the second starts when the first is MASTER."""
    for label in ("one", "two"):
        host = lan.host(label, "192.0.2.1/24" if ":" in own else own)
        if ":" in own:
            host.ip("addr flush dev eth0 scope link", f"addr add {own} dev eth0 nodad")
        daemon = OurDaemon(host, router(51, virtual))
        daemon.wait_for("MASTER")
        yield daemon


def says(daemon: OurDaemon, said: str | None) -> bool:
    return bool(daemon.router()["address_conflict"] == said)


@pytest.mark.timeout(200)
@pytest.mark.parametrize(
    ("own", "virtual"), [("192.0.2.11/24", "192.0.2.100/24"), ("fe80::11/64", "fe80::51:1/64")], ids=["ipv4", "ipv6"]
)
def test_clones_are_named_in_status_and_log_as_long_as_there_are_two(lan: Lan, own: str, virtual: str) -> None:
    one, two = both(lan, own, virtual)
    address = own.split("/", maxsplit=1)[0]
    for here, there in ((two, one), (one, two)):
        said = SAID.format(there.host.mac, address)
        wait_until(partial(says, here, said), said, LATEST)
        assert here.router()["state"] == "MASTER"
        here.wait_for_log(f"another host ({there.host.mac}) has this host's address {address} on eth0")
    two.stop()
    wait_until(partial(says, one, None), "nothing is wrong any more", LATEST)
    one.wait_for_log(f"no other host advertises from this host's address {address} on eth0 any more")
    assert one.log().count("and neither hears the other") == 1


CLONED = (
    "eth0 receives VRRP packets from this host's own IP and MAC address: a clone of this host, or a loop in the"
    " network; give the clone another MAC and IP address"
)


@pytest.mark.timeout(200)
def test_a_clone_with_the_same_mac_address_as_well_is_critical_as_long_as_it_is_there(lan: Lan) -> None:
    hosts = [lan.host(label, "192.0.2.11/24") for label in ("one", "two")]
    hosts[1].ip("link set dev eth0 down", f"link set dev eth0 address {hosts[0].mac} up")
    here, there = (OurDaemon(host, router(51, advert_interval=1)) for host in hosts)
    for daemon in (here, there):
        daemon.wait_for("MASTER")
    for daemon in (here, there):
        wait_until(partial(says, daemon, CLONED), CLONED, LATEST)
        daemon.wait_for_log(CLONED)
    there.stop()
    wait_until(partial(says, here, None), "nothing is wrong any more", LATEST)
    here.wait_for_log("no other host advertises from this host's address 192.0.2.11 on eth0 any more")


@pytest.mark.timeout(200)
@pytest.mark.parametrize("virtual", ["192.0.2.100/24", "fe80::51:1/64"], ids=["ipv4", "ipv6"])
def test_a_switch_that_returns_each_frame_once_is_no_clone(lan: Lan, virtual: str) -> None:
    host = lan.host("one", "192.0.2.11/24")
    lan.switch.ip("link set dev one type bridge_slave hairpin on")
    host.ip("link add link eth0 name near type macvlan mode bridge", "link set dev near up")
    here = OurDaemon(host, router(51, virtual, advert_interval=1))
    here.wait_for("MASTER")
    since = time.monotonic()
    wait_until(lambda: time.monotonic() - since > 2 * LOOK, "it has looked", LATEST)
    assert says(here, None)
    assert here.router()["state"] == "MASTER"


def frame(source_mac: bytes, source: Address, *, vrid: int = 51, priority: int | None = None) -> bytes:
    """An advertisement."""
    family = Family(source.version)
    group, kind = (b"\x01\0\x5e\0\0\x12", 0x0800) if family is Family.IPV4 else (b"\x33\x33\0\0\0\x12", 0x86DD)
    plain = V3 if family is Family.IPV4 else V6
    advertisement = replace(plain, vrid=vrid, priority=plain.priority if priority is None else priority)
    return group + source_mac + kind.to_bytes(2) + advertisement_datagram(source, encode(advertisement, source))


@pytest.mark.parametrize("own", ["192.0.2.11", "fe80::11"])
def test_it_sees_advertisements_from_our_address_or_with_our_vrid_by_another_mac_and_nothing_else(
    lan: Lan, own: str
) -> None:
    here, there = lan.host("one", "192.0.2.11/24"), lan.host("two", "192.0.2.12/24")
    source, other = ip_address(own), ip_address("192.0.2.12" if "." in own else "fe80::12")
    mine, theirs = (bytes.fromhex(host.mac.replace(":", "")) for host in (here, there))
    with here.enter():
        index = socket.if_nametoindex("eth0")
        lookout = Lookout(
            "eth0", index, Family(source.version), Sought(source, mine, frozenset({52, 200}), frozenset())
        )
    with closing(lookout), there.enter(), socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as sender:
        sender.bind(("eth0", 0))
        almost = bytes((*mine[:5], mine[5] ^ 1))
        no_vrrp = bytearray(frame(theirs, source))
        no_vrrp[_PROTOCOL_AT[source.version]] = socket.IPPROTO_UDP
        resigns = frame(theirs, other, vrid=200, priority=0)
        for sent in (frame(mine, source), frame(theirs, other), bytes(no_vrrp), frame(mine, other, vrid=52), resigns):
            sender.send(sent)
        for passed in (frame(theirs, source), frame(almost, source), frame(theirs, other, vrid=52)):
            sender.send(passed)
        seen: list[tuple[bytes, Address, int, int]] = []

        def all_seen() -> bool:
            seen.extend((one.mac, one.source, one.vrid, one.priority) for one in lookout.sightings())
            return len(seen) >= 3

        wait_until(all_seen, "all are seen")
        priority = V3.priority if source.version == 4 else V6.priority
        assert seen == [
            (theirs, source, 51, priority),
            (almost, source, 51, priority),
            (theirs, other, 52, priority),
        ]
