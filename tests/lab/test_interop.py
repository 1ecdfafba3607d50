"""Our daemon with each peer, in both places, in every scenario and kind."""

import time
from pathlib import Path

import pytest

from failover.lab.decode import Advert, Claim, advert, claim
from failover.lab.lan import Lan
from failover.lab.router import Daemon
from tests.lab.frr import Frr
from tests.lab.keepalived import Keepalived
from tests.lab.ours import Ours
from tests.lab.scenarios import KINDS, SCENARIOS, Arena, Driver, Kind, Scenario, play
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
    arena.capture.close()
    sent = [frame for frame in arena.capture.frames() if frame.host == "one"]
    kinds = {type(heard) for frame in sent for heard in (advert(frame), claim(frame))}
    assert kinds >= {Advert, Claim}
    assert arena.adverts(ours)[-1].priority == 0
    form = "FALSE" if driver is Ours else "TRUE"
    packets = [frame.data for frame in sent]
    judged = dissect(tmp_path, packets, f"vrrp.v3_checksum_as_in_v2:{form}", link=LINK_ETHERNET)
    assert len(judged) == len(packets)
    assert [said for fields in judged for said in complaints(fields)] == []
