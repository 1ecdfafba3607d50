"""`failover.engine.port.wakeup_suppression`: which packets wake us, without a network."""

from unittest.mock import patch

import pytest

from failover.engine.flood.policer import ENOUGH_REFUSED
from failover.engine.port import wakeup_suppression as suppression
from failover.linux.filter.fingerprint import fingerprint
from failover.linux.packet import Received
from failover.vrrp import Family, Instant, VirtualRouter, encode, seconds
from failover.vrrp.packet.receive import ReceivedFrom
from failover.vrrp.scope import GROUPS
from tests.engine.port.test_port import Heard
from tests.vrrp.making import EACH_FAMILY, GREATER, NO_CARRIER, NOW, SMALLER, a_router, after
from tests.vrrp.making import an_advertisement as an_advert

SETTLED = after(NOW, suppression._SETTLES_IN)


def print_of(router: VirtualRouter, priority: int = 200) -> int:
    source = GREATER[router.family]
    message = encode(an_advert(router, priority=priority), source)
    return fingerprint(Received(message, ReceivedFrom(source, GROUPS[router.family], 255)))


def suppressed(*routers: VirtualRouter) -> Heard:
    """All of them BACKUP, their MASTER known."""
    heard = Heard(*routers)
    for number in range(len(routers)):
        heard.hear_priority(200, of=number)
    heard.wait(SETTLED)
    assert heard.socket.overlooked == {print_of(router) for router in routers}
    return heard


@EACH_FAMILY
def test_a_master_that_has_settled_is_overlooked_a_moment_later(family: Family) -> None:
    first, second = a_router(family), a_router(family, vrid=52)
    heard = Heard(first, second)
    heard.hear_priority(200)
    heard.wait(after(NOW, seconds(0.5)))
    heard.hear_priority(200, of=1)
    assert heard.socket.overlooked == frozenset()
    heard.wait(SETTLED)
    assert heard.socket.overlooked == {print_of(first), print_of(second)}
    assert heard.simulated.silent == pytest.approx(2 * 4 / 3.6, rel=0.01), "at most four in a master-down interval"


def test_what_is_not_settled_rings() -> None:
    odd, lower = a_router(), a_router(vrid=52)
    heard = Heard(odd, lower)
    source = GREATER[Family.IPV4]
    heard.hear(source, encode(an_advert(odd, priority=200, interval=seconds(2)), source), 3)
    heard.hear_priority(99, 3, of=1)  # it preempts
    heard.wait(after(NOW, seconds(2)))
    assert heard.socket.overlooked == frozenset()
    assert heard.simulated.silent == 0


@pytest.mark.parametrize("change", ["takeover", "fault", "address", "overflow"])
def test_everything_wakes_us_in_a_moment_where_it_may_matter(change: str) -> None:
    heard = suppressed(a_router(), a_router(vrid=52))
    instance = heard.instances[0]
    down = after(NOW, instance.router.master_down_interval(instance.router.advertisement_interval))
    if change == "takeover":
        heard.now = down
        instance.wake(down)
        assert instance.is_master
    elif change == "fault":
        instance.link_changed(NO_CARRIER, heard.now)
    elif change == "address":
        instance.attach(heard.port, SMALLER[Family.IPV4], heard.now)
    else:
        heard.overflow()
    unrung: list[float] = []

    def overlook(known: frozenset[int], share: int = 0) -> None:
        assert known == frozenset()
        unrung.append(heard.simulated.silent)

    with patch.object(heard.socket, "overlook", overlook):
        heard.wait(after(heard.now, suppression._SOON))
    assert unrung[0] > 0, "what came before waits in the socket, and one more round reads it"
    assert heard.simulated.silent == 0


def test_afterwards_it_settles_again() -> None:
    heard = suppressed(a_router(), a_router(vrid=52))
    heard.instances[0].link_changed(NO_CARRIER, heard.now)
    heard.wait(after(SETTLED, suppression._SOON))
    assert heard.socket.overlooked == frozenset()
    heard.wait(after(SETTLED, suppression._SOON + suppression._SETTLES_IN))
    assert heard.socket.overlooked == {print_of(heard.instances[1].router)}
    assert heard.simulated.silent > 0


def test_many_routers_that_change_at_once_cost_one_call() -> None:
    heard = suppressed(*(a_router(vrid=vrid) for vrid in range(1, 20)))
    with patch.object(heard.socket, "overlook", wraps=heard.socket.overlook) as overlook:
        for instance in heard.instances:
            instance.link_changed(NO_CARRIER, heard.now)
        heard.wait(after(heard.now, suppression._SOON))
    assert overlook.call_count == 1


def test_when_the_filter_changes_for_another_reason_it_begins_anew() -> None:
    heard = suppressed(a_router())
    source = GREATER[Family.IPV4]
    heard.hear(source, encode(an_advert(a_router()), source)[:-1], ENOUGH_REFUSED)
    heard.simulated.round()
    assert heard.simulated.silent == 0
    heard.wait(after(SETTLED, suppression._SETTLES_IN))
    assert heard.socket.overlooked == {print_of(heard.instances[0].router)}


def test_another_master_takes_the_place_of_the_first() -> None:
    heard = suppressed(a_router())
    heard.hear_priority(210)
    heard.wait(after(SETTLED, suppression._SETTLES_IN))
    assert heard.socket.overlooked == {print_of(heard.instances[0].router, 210)}


def test_without_memory_for_the_program_everything_wakes_us_as_before() -> None:
    heard = Heard(a_router())
    heard.hear_priority(200)
    with patch.object(heard.socket, "overlook", side_effect=OSError):
        heard.wait(SETTLED)
    assert heard.simulated.silent == 0


def test_without_memory_to_end_it_packets_are_read_as_before_and_it_is_tried_again() -> None:
    heard = suppressed(a_router())
    with patch.object(heard.socket, "overlook", side_effect=OSError):
        heard.instances[0].link_changed(NO_CARRIER, heard.now)
        heard.wait(after(SETTLED, suppression._SOON))
    assert heard.simulated.silent > 0
    heard.wait(after(SETTLED, suppression._SOON + suppression._SETTLES_IN))
    assert heard.socket.overlooked == frozenset()
    assert heard.simulated.silent == 0


def test_after_an_overflow_no_master_is_given_up_for_what_was_lost() -> None:
    router = a_router()
    heard = suppressed(router, a_router(vrid=52))
    heard.overflow()
    down = router.master_down_interval(router.advertisement_interval)
    heard.wait(Instant(heard.now + down - 1))
    assert not heard.instances[0].is_master
    heard.wait(Instant(heard.now + 1))
    assert heard.instances[0].is_master


def test_a_closed_socket_has_no_wakeups_to_suppress() -> None:
    heard = Heard(a_router())
    heard.hear_priority(200)
    heard.port._receivers[Family.IPV4]._suppression.close()
    heard.wait(SETTLED)
    assert heard.socket.overlooked == frozenset()
