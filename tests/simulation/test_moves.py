"""An address that a reload moves from one router to another of the same interface, whatever happens meanwhile."""

from ipaddress import ip_interface
from unittest.mock import patch

import pytest

from failover.config import VirtualRouter
from failover.linux.netlink.rtnetlink import AddressRemoved
from failover.vrrp import Backup, Family, Instant, VirtualAddress, seconds
from tests.simulation.lan import Lan
from tests.simulation.router import Router
from tests.simulation.test_takeover import FAMILIES, host
from tests.simulation.world import World

LOSES, GAINS, OTHER = 51, 52, 53
MOVED: dict[Family, VirtualAddress] = {
    Family.IPV4: ip_interface("192.0.2.100/24"),
    Family.IPV6: ip_interface("2001:db8::100/64"),
}
OWN: dict[Family, str] = {Family.IPV4: "192.0.2.{}/24", Family.IPV6: "fe80::{}/64"}


def routers(family: Family, having: int, other: int, priority: int = 100) -> list[VirtualRouter]:
    """The one that gains it comes first. `having` has the address; `other` is the last part of another's address."""
    made = []
    for vrid in (GAINS, OTHER, LOSES):
        own = ip_interface(OWN[family].format(other if vrid == OTHER else vrid))
        addresses = (own, MOVED[family]) if vrid == having else (own,)
        made.append(VirtualRouter(vrid=vrid, interface_name="eth0", ip_addresses=addresses, priority=priority))
    return made


class Moving:
    """The router that is to gain the address is BACKUP of another host's, which was killed; the others are MASTER."""

    def __init__(self, family: Family) -> None:
        self.world = World()
        self.lan = Lan(self.world)
        self.host = host(self.world, self.lan, "one", 1)
        self.router = Router(self.host, routers(family, LOSES, 60))
        self.two = host(self.world, self.lan, "two", 2)
        gaining = [one for one in routers(family, LOSES, 60, priority=200) if one.vrid == GAINS]
        Router(self.two, gaining)
        self.world.run_for(10)
        assert [self.router.is_master(vrid) for vrid in (LOSES, GAINS, OTHER)] == [True, False, True]
        self.two.kill()

    def run_until_shortly_before_it_takes_over(self, before: float) -> None:
        """So many seconds. It may have to read first what has arrived long ago, and learns then that it has time."""
        at = Instant(0)
        while at != (at := self._deadline()):
            self.world.run(Instant(at - seconds(0.002)))
        self.world.run(Instant(at - seconds(before)))

    def _deadline(self) -> Instant:
        state = self.router.instance(GAINS).state
        assert isinstance(state, Backup)
        return state.master_down_at

    def told(self) -> list[str]:
        return [event.kind for event in self.router.events]


@FAMILIES
@pytest.mark.parametrize("before", [0.0015, 0.0005, 0.0001, 0.0])
def test_it_stays_where_it_is_when_the_one_that_gains_it_becomes_master_in_the_middle_of_the_reload(
    family: Family, before: float
) -> None:
    moving = Moving(family)
    moving.run_until_shortly_before_it_takes_over(before)
    with patch.object(moving.host.kernel, "change", wraps=moving.host.kernel.change) as change:
        moving.router.reconfigure(routers(family, GAINS, 61))
        moving.world.run_for(1)
    removed = [call.args[0].assigned.address for call in change.mock_calls if isinstance(call.args[0], AddressRemoved)]
    assert moving.router.is_master(GAINS)
    assert moving.host.holds(MOVED[family])
    # Where it became MASTER only afterwards, there was nobody to hold it for a moment.
    assert before == 0.0015 or MOVED[family] not in removed
    assert not {"strays_removed", "addresses_restored"} & set(moving.told())


@FAMILIES
def test_it_goes_without_anybody_being_blamed_when_the_one_that_gains_it_gives_up_in_the_middle(family: Family) -> None:
    moving = Moving(family)
    moving.world.run_for(10)
    assert moving.router.is_master(GAINS)
    back = host(moving.world, moving.lan, "three", 3)
    gaining = [one for one in routers(family, GAINS, 60, priority=200) if one.vrid == GAINS]
    Router(back, gaining)
    moving.world.run_until(lambda: not moving.router.is_master(GAINS), 10)
    at = moving.world.now
    assert moving.host.holds(MOVED[family]), "of the one that is to lose it"
    # The same again, with a reload that is under way at that very moment.
    again = Moving(family)
    again.world.run_for(10)
    back = host(again.world, again.lan, "three", 3)
    Router(back, gaining)
    again.world.run(Instant(at - seconds(0.0005)))
    assert again.router.is_master(GAINS)
    again.router.reconfigure(routers(family, GAINS, 61))
    again.world.run_for(1)
    assert not again.router.is_master(GAINS)
    assert not again.host.holds(MOVED[family])
    assert back.holds(MOVED[family])
    assert "strays_removed" not in again.told()
