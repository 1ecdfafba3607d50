"""`failover.engine.port.port`: what a flood makes of the filter, without a network."""

from ipaddress import ip_address
from typing import cast

import pytest
from msgspec.structs import replace

from failover.engine.environment import Host
from failover.engine.flood.policer import ENOUGH_LOSING, ENOUGH_REFUSED, PERIOD
from failover.engine.port.port import Port
from failover.engine.port.receiver import CROWD
from failover.engine.transmit.beat import Beat
from failover.engine.transmit.transmitter import Transmitter
from failover.linux.filter.program import Terms
from failover.linux.filter.sample import Stream
from failover.linux.sockets.outbox import Burst
from failover.vrrp import Address, Cutoff, Family, Instant, VirtualRouter, encode
from tests.engine.router.test_fast_path import Waiting, kept
from tests.engine.simulated import Kernel, SimulatedLoop, Sockets, an_interface, instance_of, loop_of, netlink_of
from tests.vrrp.making import EACH_FAMILY, GREATER, NO_CARRIER, NOW, OURS, SMALLER, V2, V3, a_router, after
from tests.vrrp.making import an_advertisement as an_advert


class Socket(Waiting):
    """Stands for the advertisement socket, and remembers the terms that it was given."""

    def __init__(self, family: Family) -> None:
        super().__init__(family)
        self.terms = list[Terms]()

    def accept(self, terms: Terms) -> None:
        self.terms.append(terms)

    def send(self, _: Burst) -> dict[int, OSError]:
        return {}

    def prewarm(self, _: Burst) -> None:
        """Nothing is cold here."""


class Heard:
    """A port with routers on it, and what comes to its socket."""

    def __init__(self, *routers: VirtualRouter) -> None:
        family = routers[0].family
        self.simulated, self.socket = SimulatedLoop(), Socket(family)
        loop = loop_of(self.simulated)
        transmitter = Transmitter(loop, netlink_of(Kernel()))
        self.port = port = Port("eth0", loop, cast(Host, Sockets(self.socket)), netlink_of(Kernel()))
        beat = Beat(loop, routers[0].advertisement_interval, lambda _: {})
        self.instances = [instance_of(router, loop, transmitter, beat, lambda *_: None) for router in routers]
        for instance in self.instances:
            port.add(instance)
        port.follow(an_interface(), ())
        for instance in self.instances:
            instance.start(None, self.now)
            instance.attach(port, OURS[family], self.now)

    def hear(self, source: Address, message: bytes, times: int) -> None:
        self.socket.packets = [kept(source, message)] * times
        self.simulated.read()

    def hear_priority(self, priority: int, times: int = 1, of: int = 0) -> None:
        router = self.instances[of].router
        source = GREATER[router.family]
        self.hear(source, encode(an_advert(router, priority=priority), source), times)

    def overflow(self) -> None:
        """There was room for the last router's packets alone."""
        self.socket.is_overflowing = True
        self.hear_priority(200, CROWD, of=-1)
        self.socket.is_overflowing = False

    def wait(self, until: Instant) -> None:
        self.simulated.sleep(until)

    @property
    def now(self) -> Instant:
        return self.simulated.now

    @now.setter
    def now(self, now: Instant) -> None:
        self.simulated.now = now

    @property
    def terms(self) -> Terms | None:
        """As they were last set."""
        return self.socket.terms[-1] if self.socket.terms else None


def a_master_at(router: VirtualRouter, *others: VirtualRouter) -> Heard:
    heard = Heard(router, *others)
    heard.wait(after(NOW, router.master_down_interval(router.advertisement_interval)))
    assert all(instance.is_master for instance in heard.instances)
    return heard


@EACH_FAMILY
def test_against_a_flood_of_what_loses_a_master_sets_its_cutoff_for_a_period(family: Family) -> None:
    router, other = a_router(family), a_router(family, vrid=52)
    heard = a_master_at(router, other)
    heard.hear_priority(99, ENOUGH_LOSING - 1)
    assert heard.terms is None
    heard.hear_priority(99)
    vrids = frozenset({51, 52})
    assert heard.terms == Terms(vrids, cutoffs={51: Cutoff(100, OURS[family])})
    heard.wait(after(heard.now, PERIOD))
    assert heard.terms == Terms(vrids)


def test_copies_that_came_before_the_kernel_refused_them_are_not_heard_any_more() -> None:
    router = a_router()
    heard = a_master_at(router)
    (instance,) = heard.instances
    before = instance.counters.advertisements_received
    heard.hear_priority(99, 10 * ENOUGH_LOSING)
    assert instance.counters.advertisements_received - before <= ENOUGH_LOSING + 1
    heard.hear_priority(98, 1)
    assert instance.counters.advertisements_received - before <= ENOUGH_LOSING + 2, "another one is heard"
    heard.wait(after(heard.now, PERIOD))
    before = instance.counters.advertisements_received
    heard.hear_priority(99, 3)
    assert instance.counters.advertisements_received - before == 3, "all are, when the kernel passes them again"
    heard.hear_priority(101)
    assert not instance.is_master


def test_a_flood_of_its_own_priority_from_a_smaller_address_is_one_too() -> None:
    router = a_router()
    heard = a_master_at(router)
    source = SMALLER[Family.IPV4]
    heard.hear(source, encode(an_advert(router), source), ENOUGH_LOSING)
    assert heard.terms == Terms(frozenset({51}), cutoffs={51: Cutoff(100, OURS[Family.IPV4])})


def test_a_backup_that_preempts_sets_its_cutoff_and_one_that_does_not_sets_none() -> None:
    heard = Heard(a_router())
    heard.hear_priority(99, ENOUGH_LOSING)
    assert heard.terms == Terms(frozenset({51}), cutoffs={51: Cutoff(100)})
    heard = Heard(a_router(preempt_mode=False))
    heard.hear_priority(99, 10 * ENOUGH_LOSING)
    assert heard.terms is None


@pytest.mark.parametrize("change", ["better master", "fault", "takeover", "priority"])
def test_when_the_router_changes_the_cutoff_is_gone_at_once(change: str) -> None:
    router = a_router()
    heard = Heard(router) if change == "takeover" else a_master_at(router)
    (instance,) = heard.instances
    heard.hear_priority(99, ENOUGH_LOSING)
    assert heard.terms is not None
    assert heard.terms.cutoffs
    if change == "better master":
        heard.hear_priority(101)
    elif change == "fault":
        instance.link_changed(NO_CARRIER, heard.now)
    elif change == "takeover":
        instance.wake(after(NOW, router.master_down_interval(router.advertisement_interval)))
        assert instance.is_master
    else:
        instance.attach(heard.port, SMALLER[Family.IPV4], heard.now)
    assert heard.terms == Terms(frozenset({51}))


def test_a_masters_beats_leave_the_cutoff_in_force() -> None:
    heard = a_master_at(a_router())
    heard.hear_priority(99, ENOUGH_LOSING)
    heard.instances[0].wake(after(heard.now, heard.instances[0].router.advertisement_interval))
    assert len(heard.socket.terms) == 1


def test_against_a_flood_of_nonsense_it_demands_the_versions_that_somebody_here_speaks() -> None:
    for router, versions in (
        (a_router(), {V3}),
        (a_router(version=V2), {V2}),
        (a_router(with_version_2=True), {V2, V3}),
    ):
        heard = Heard(router)
        source = GREATER[Family.IPV4]
        heard.hear(source, encode(an_advert(router), source)[:-1], ENOUGH_REFUSED)
        assert heard.terms == Terms(frozenset({51}), frozenset(versions))


def test_what_comes_from_where_nobody_is_is_refused_by_its_sender_alone() -> None:
    heard = Heard(a_router())
    source = ip_address("240.0.0.1")
    heard.hear(source, encode(an_advert(a_router(), priority=90), source), ENOUGH_REFUSED - 1)
    assert heard.terms is None
    heard.hear(source, encode(an_advert(a_router(), priority=90), source), 1)
    assert heard.terms == Terms(frozenset({51}), sampled={Stream(0x31, 51, source.packed, None): 0})


def test_resignations_and_a_masters_own_beats_are_no_flood() -> None:
    heard = Heard(a_router())
    heard.hear_priority(200, 10 * ENOUGH_LOSING)
    heard.hear_priority(0, 10 * ENOUGH_LOSING)
    assert heard.terms is None


def test_sockets_of_an_earlier_part_of_the_interface_are_outdated() -> None:
    heard, interface = Heard(a_router()), an_interface()
    assert heard.port.serves(interface)
    assert heard.port.outdated(interface) == frozenset()
    heard.socket.is_current = False
    assert not heard.port.serves(interface)
    assert heard.port.outdated(interface) == {Family.IPV4}


def test_where_nobody_can_know_a_family_that_recovers_counts_as_made_anew() -> None:
    heard, interface = Heard(a_router()), an_interface()
    heard.socket.is_current = None
    assert heard.port.serves(interface)
    assert heard.port.outdated(interface) == frozenset()
    assert heard.port.outdated(interface, {Family.IPV6}) == frozenset()
    assert heard.port.outdated(interface, {Family.IPV4}) == {Family.IPV4}


def test_those_of_another_interface_or_of_none_are_outdated() -> None:
    heard, interface = Heard(a_router()), an_interface()
    assert heard.port.outdated(replace(interface, ifindex=interface.ifindex + 1)) == {Family.IPV4}
    assert heard.port.outdated(None) == {Family.IPV4}
