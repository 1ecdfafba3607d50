"""`failover.vrrp.machine.cutoff`: what is below changes neither state nor timer, and what is not may."""

from dataclasses import replace

from hypothesis import event as note
from hypothesis import given
from hypothesis import strategies as st

from failover.vrrp import (
    Backup,
    Cutoff,
    Family,
    Heard,
    Initialize,
    Master,
    ReportOddity,
    SendAdvertisement,
    State,
    VirtualRouter,
    cutoff_of,
    deadline,
    is_below,
    seconds,
    step,
)
from failover.vrrp.machine.actions import AnnounceAddresses
from tests.vrrp.making import (
    EACH_FAMILY,
    GREATER,
    NOW,
    OURS,
    SMALLER,
    a_backup,
    a_follower,
    a_master,
    a_router,
    after,
    hears,
)
from tests.vrrp.strategies import routers


def settled(state: State) -> State:
    """Without what is remembered of a rival: the answers given, evidence, and the peer's form of checksum."""
    checksum = a_backup(a_router()).checksum
    if isinstance(state, Master):
        return replace(state, checksum=checksum, answered_at=NOW, announce_after=NOW, advertised_at=NOW)
    if isinstance(state, Backup):
        return replace(state, checksum=checksum, outranked=None)
    return state


@given(router=routers(), data=st.data(), late=st.integers(0, seconds(0.01)))
def test_what_is_below_is_answered_and_told_of_and_nothing_else(
    router: VirtualRouter, data: st.DataObject, late: int
) -> None:
    starts: list[State] = [a_backup(router), a_master(router), a_follower(router, priority=255)]
    state = data.draw(st.sampled_from(starts))
    priority = data.draw(st.integers(0, 255) | st.just(router.priority))
    source = data.draw(st.sampled_from([SMALLER, OURS, GREATER]))[router.family]
    event = hears(router, source, priority=priority)
    below = is_below(cutoff_of(router, state), event)
    note(f"{type(state).__name__}, below: {below}")
    found = step(router, state, event, after(NOW, late))
    if below:
        assert settled(found.state) == settled(state)
        assert deadline(found.state) == deadline(state)
        assert all(isinstance(a, SendAdvertisement | AnnounceAddresses | ReportOddity) for a in found.actions)
        assert SendAdvertisement(0, state.checksum) not in found.actions
    elif isinstance(state, Master):
        assert priority == 0 or isinstance(found.state, Backup)
    elif isinstance(found.state, Backup):
        assert found.state.armed_at == after(NOW, late)
        assert found.state.master == Heard(
            source, priority, router.version, after(NOW, late), event.advertisement.checksum
        )


@EACH_FAMILY
def test_a_masters_floor_is_its_own_rank(family: Family) -> None:
    router = a_router(family)
    cutoff = cutoff_of(router, a_master(router))
    assert cutoff == Cutoff(100, OURS[family])
    assert is_below(cutoff, hears(router, GREATER[family], priority=99))
    assert is_below(cutoff, hears(router, SMALLER[family]))
    assert is_below(cutoff, hears(router, OURS[family]))
    assert not is_below(cutoff, hears(router, GREATER[family]))
    assert not is_below(cutoff, hears(router, SMALLER[family], priority=101))
    assert not is_below(cutoff, hears(router, SMALLER[family], priority=0))


def test_a_backup_that_preempts_has_one_and_another_has_not() -> None:
    router = a_router()
    cutoff = cutoff_of(router, a_backup(router))
    assert cutoff == Cutoff(100)
    assert is_below(cutoff, hears(router, priority=99))
    assert not is_below(cutoff, hears(router, SMALLER[Family.IPV4]))
    assert cutoff_of(replace(router, preempt_mode=False), a_backup(router)) is None
    owner = replace(router, preempt_mode=False, priority=255)
    assert cutoff_of(owner, a_backup(owner)) == Cutoff(255)


def test_in_initialize_there_is_none() -> None:
    router = a_router()
    state = Initialize(a_backup(router).checksum)
    assert cutoff_of(router, state) is None
    assert not is_below(None, hears(router, priority=1))
