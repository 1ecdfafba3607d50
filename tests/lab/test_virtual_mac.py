"""Virtual MAC addresses: ours among ourselves and with keepalived and FRR, in both places."""

import time

import pytest

from failover.lab.network.client import Client
from failover.lab.network.lan import Lan
from failover.vrrp.protocol import virtual_mac
from tests.lab.frr import Frr
from tests.lab.ours import Ours
from tests.lab.scenarios import KINDS, Arena, Driver, Kind, Scenario, election, killed, play, stopped
from tests.lab.virtual_mac import KeepalivedVirtual, OursVirtual

pytestmark = [pytest.mark.root, pytest.mark.peer]

PAIRS = [
    (OursVirtual, KeepalivedVirtual),
    (KeepalivedVirtual, OursVirtual),
    (OursVirtual, Frr),
    (Frr, OursVirtual),
    (OursVirtual, OursVirtual),
    (OursVirtual, Ours),
    (Ours, OursVirtual),
]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: "-".join(driver.__name__ for driver in pair))
@pytest.mark.parametrize("scenario", [election, killed, stopped], ids=lambda scenario: scenario.__name__)
def test_with_a_peer(lan: Lan, scenario: Scenario, pair: tuple[Driver, Driver], kind: Kind) -> None:
    play(lan, scenario, kind, *pair)


@pytest.mark.parametrize("kind", KINDS[1:], ids=lambda kind: kind.name)
def test_advertisements_come_from_the_virtual_mac_address_and_a_backup_sends_nothing_with_it(
    lan: Lan, kind: Kind
) -> None:
    arena = Arena(lan, kind)
    first, second = arena.pair(OursVirtual, OursVirtual)
    arena.expect_master(first)
    mac = virtual_mac(kind.family, 51)
    assert {heard.mac for heard in arena.adverts(first)} == {mac.hex(":")}
    since = time.time_ns()
    time.sleep(1)
    arena.capture.close()
    frames = [frame for frame in arena.capture.frames() if frame.host == second.host.label]
    assert not [frame for frame in frames if frame.at >= since and frame.data[6:12] == mac]


def test_a_hand_over_costs_a_client_nothing(lan: Lan) -> None:
    """The old MASTER does not answer the announcement of the new one, which would draw the switch's entry back."""
    kind = next(kind for kind in KINDS if kind.name == "v3-ipv4")
    arena = Arena(lan, kind)
    low = arena.router(OursVirtual, "one", kind.spec(100))
    high = arena.router(OursVirtual, "two", kind.spec(200))
    low.start()
    arena.expect_master(low)
    address = str(low.specs[0].virtual_addresses[0].ip)
    with Client(arena.judge, address, interval=0.002, patience=0.02) as client:
        client.wait_for_answer()
        since = time.time_ns()
        high.start()
        arena.expect_master(high)
        client.wait_for_answer()
        assert client.outages(since) == []
    replies = [said for said in arena.capture.claims(host="one", since=since) if said.is_reply and said.mac]
    took_over = next(heard.at for heard in arena.adverts(high) if heard.priority == 200)
    assert [said for said in replies if said.at > took_over and str(said.address) == address] == []
