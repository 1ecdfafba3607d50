"""Our daemon with each peer, in both places, in every scenario and kind."""

import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from failover import config
from failover.lab.judge import who_has
from failover.lab.measure import takeovers
from failover.lab.network.decode import Advert, Claim, advert, claim
from failover.lab.network.lan import Lan
from failover.lab.network.waiting import wait_until
from failover.lab.router import Daemon, RouterSpec
from tests.lab.frr import Frr
from tests.lab.keepalived import Keepalived
from tests.lab.ours import Ours
from tests.lab.scenarios import KINDS, SCENARIOS, Arena, Driver, Kind, Scenario, crash, in_time, play
from tests.tshark import LINK_ETHERNET, complaints, dissect

pytestmark = [pytest.mark.root, pytest.mark.peer]

PAIRS = [(Ours, Keepalived), (Keepalived, Ours), (Ours, Frr), (Frr, Ours)]


def names(pair: tuple[Driver, Driver]) -> str:
    return "-".join(driver.program for driver in pair)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
@pytest.mark.parametrize("pair", PAIRS, ids=names)
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_with_a_peer(lan: Lan, scenario: Scenario, pair: tuple[Driver, Driver], kind: Kind) -> None:
    play(lan, scenario, kind, *pair)


@pytest.mark.parametrize("peer", [Keepalived, Frr], ids=lambda peer: peer.program)
def test_with_automatic_checksums_a_peer_that_understood_nothing_comes_to_follow(lan: Lan, peer: Driver) -> None:
    """Until it has been heard it may take our silence for death; then it is spoken to in its own form."""
    kind = next(kind for kind in KINDS if kind.name == "v3-ipv4")
    arena = Arena(lan, kind)
    ours = arena.router(Daemon, "one", kind.spec(200))
    other = arena.router(peer, "two", kind.spec(100))
    ours.start()
    arena.expect_master(ours)
    other.start()
    time.sleep(2 * other.specs[0].master_down_interval / 1e9 + 0.5)
    settled = arena.adverts(ours)[-1].at
    time.sleep(2 * other.specs[0].master_down_interval / 1e9)
    assert not arena.adverts(other, since=settled)
    arena.expect_master(ours)
    assert not other.is_master(other.specs[0])


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
@pytest.mark.parametrize("driver", [Daemon, Ours], ids=["auto", "pseudo header"])
def test_tshark_has_no_complaint_about_anything_we_send(lan: Lan, tmp_path: Path, driver: Driver, kind: Kind) -> None:
    arena = Arena(lan, kind)
    ours = arena.router(driver, "one", kind.spec(200, count=12))
    ours.start()
    arena.expect_master(ours)
    ours.stop()
    wait_until(lambda: arena.adverts(ours)[-1].priority == 0, "the switch has the last advertisement")
    arena.capture.close()
    sent = [frame for frame in arena.capture.frames() if frame.host == "one"]
    kinds = {type(heard) for frame in sent for heard in (advert(frame), claim(frame))}
    assert kinds >= {Advert, Claim}
    form = "FALSE" if driver is Ours else "TRUE"
    packets = [frame.data for frame in sent]
    judged = dissect(tmp_path, packets, f"vrrp.v3_checksum_as_in_v2:{form}", link=LINK_ETHERNET)
    assert len(judged) == len(packets)
    judgement = zip(packets, judged, strict=True)
    assert [(said, packet.hex()) for packet, fields in judgement for said in complaints(fields)] == []


@pytest.mark.parametrize("pair", [(Ours, Keepalived), (Keepalived, Ours)], ids=names)
def test_without_addresses_one_takes_over_from_the_other_and_gives_back(lan: Lan, pair: tuple[Driver, Driver]) -> None:
    """keepalived 2.2 does so in version 2 alone; later ones want to be told (`no_virtual_ipaddress`)."""
    arena = Arena(lan, next(kind for kind in KINDS if kind.version == 2))
    first, second = arena.pair(*pair, count=0)
    arena.expect_master(first)
    first.stop()
    last = arena.adverts(first)[-1]
    arena.expect_master(second)
    assert last.priority == 0
    assert in_time(arena.takeover_gap(last.at), second.specs[0].skew_time)
    first.start()
    arena.expect_master(first)
    crash(arena, first)
    arena.expect_master(second)
    assert all(heard.addresses == () for heard in arena.adverts())
    assert {one for one in second.host.held() if one.version == 4} == {second.host.ipv4}


SCOPES: dict[str, dict[int, dict[str, Any]]] = {
    "unicast": {4: {"peers": ("192.0.2.11", "192.0.2.12")}, 6: {"peers": ("2001:db8::11", "2001:db8::12")}},
    "another group": {4: {"group": "224.0.0.99"}, 6: {"group": "ff02::99"}},
}


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
@pytest.mark.parametrize("pair", [(Ours, Keepalived), (Keepalived, Ours)], ids=names)
def test_with_unicast_peers_or_another_group_one_takes_over_from_the_other_and_gives_back(
    lan: Lan, pair: tuple[Driver, Driver], kind: Kind, scope: str
) -> None:
    arena = Arena(lan, kind)
    where = SCOPES[scope][kind.family]
    routers = [
        arena.router(driver, label, replace(kind.spec(priority), **where))
        for driver, label, priority in zip(pair, ("one", "two"), (200, 100), strict=True)
    ]
    first, second = routers
    for one in routers:
        one.start()
        wait_until(lambda one=one: arena.listens(one), f"{one.host.label} listens", 20)  # type: ignore[misc]
    arena.expect_master(first)
    assert not second.is_master(second.specs[0])
    first.stop()
    arena.expect_master(second)
    last = arena.adverts(first)[-1]
    assert last.priority == 0
    assert in_time(arena.takeover_gap(last.at), second.specs[0].skew_time)
    first.start()
    arena.expect_master(first)
    crash(arena, first)  # and an advertisement to a peer that answers no ARP is not on the wire
    wait_until(lambda: second.is_master(second.specs[0]), "the other takes over", 20)


class VirtualIsNewest(Frr):
    """Its macvlan has got the virtual link-local address last."""

    def _make_macvlan(self, spec: RouterSpec) -> None:
        super()._make_macvlan(spec)
        name, virtual = self.macvlan(spec), spec.addresses[0]
        self.host.ip(f"addr del {virtual} dev {name}", f"addr add {virtual} dev {name} nodad")


def test_frr_that_sends_from_the_virtual_address_is_refused_and_named(lan: Lan) -> None:
    """The documentation says how to have it send from an address of its own."""
    kind = next(kind for kind in KINDS if kind.name == "v3-ipv6")
    arena = Arena(lan, kind)
    other, ours = arena.router(VirtualIsNewest, "two", kind.spec(200)), arena.router(Ours, "one", kind.spec(100))
    other.start()
    wait_until(lambda: other.is_master(other.specs[0]), "FRR is MASTER")
    ours.start()
    named = "impossible source fe80::51:1 (virtual address of a sender of priority 200)"
    wait_until(lambda: named in ours.log(), "it is named")
    wait_until(lambda: ours.is_master(ours.specs[0]), "ours is MASTER too")


class Sample(Daemon):
    """Ours, configured by the original sample, but for the name of the interface."""

    def configuration(self) -> dict[str, Any]:
        sample: dict[str, Any] = json.loads(config.sample())
        return sample | {"interface_name": self.host.interface}


def test_the_original_sample_takes_over_from_keepalived_and_hands_back(lan: Lan) -> None:
    address = "192.168.100.100/24"
    capture, judge = lan.capture(), lan.host("judge", "192.168.100.3/24")
    peer = Keepalived(lan.host("peer", "192.168.100.12/24"), RouterSpec(addresses=(address,), priority=90))
    ours = Sample(lan.host("ours", "192.168.100.11/24"), RouterSpec(addresses=(address,), priority=101))
    peer.start()
    wait_until(lambda: peer.is_master(peer.specs[0]), "keepalived is MASTER", 15)
    ours.start()
    wait_until(lambda: ours.is_master(ours.specs[0]), "ours takes over", 15)
    wait_until(lambda: not peer.is_master(peer.specs[0]), "keepalived gives in")
    wait_until(lambda: who_has(judge, "192.168.100.100") == {ours.host.mac}, "ours alone answers")
    ours.stop()
    wait_until(lambda: peer.is_master(peer.specs[0]), "keepalived has it back")
    wait_until(lambda: who_has(judge, "192.168.100.100") == {peer.host.mac}, "keepalived alone answers")
    assert [(one.last.host, one.first.host) for one in takeovers(capture.adverts())] == [
        ("peer", "ours"),
        ("ours", "peer"),
    ]
    assert capture.adverts(host="ours")[-1].priority == 0
