"""One router, any events in any order at any time: what always holds of `step()`."""

from collections import deque
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from failover.vrrp import (
    Action,
    AdvertisementReceived,
    AnnounceAddresses,
    Backup,
    ConfigChanged,
    Event,
    Initialize,
    InstallAddresses,
    Instant,
    LinkChanged,
    Master,
    PriorityChanged,
    ReportOddity,
    SendAdvertisement,
    Shutdown,
    Startup,
    State,
    StateChanged,
    VirtualAddress,
    VirtualRouter,
    Wakeup,
    WithdrawAddresses,
    advertisements,
    deadline,
    encode,
    initial_state,
    seconds,
    step,
)
from failover.vrrp.protocol import PRIORITY_RESIGN
from tests.vrrp.making import NO_CARRIER, NOW, after, an_advertisement
from tests.vrrp.strategies import intervals, routers, sources, virtual_addresses

faults = st.sampled_from([None, NO_CARRIER, replace(NO_CARRIER, reason="interface_down")])
delays = st.one_of(
    st.sampled_from([0, 1, seconds(0.01), seconds(0.5), seconds(1), seconds(3), seconds(60)]),
    st.integers(0, seconds(200)),
)


def kinds(actions: tuple[Action, ...]) -> list[type]:
    return [type(action) for action in actions]


class OneRouter(RuleBasedStateMachine):
    """The world around one router: it remembers which addresses it put on the interface."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.held: frozenset[VirtualAddress] = frozenset()
        self.state: State
        self.router: VirtualRouter

    @initialize(router=routers())
    def begin(self, router: VirtualRouter) -> None:
        self.router = router
        self.state = initial_state(router)

    # what may happen

    @rule(fault=st.none() | faults)
    def startup(self, fault: Any) -> None:
        self.feed(Startup(fault))

    @rule()
    def shutdown(self) -> None:
        self.feed(Shutdown())
        assert isinstance(self.state, Initialize)
        assert self.state.fault is None

    @rule(fault=faults)
    def link(self, fault: Any) -> None:
        self.feed(LinkChanged(fault))
        assert fault is None or isinstance(self.state, Initialize)

    @rule(delay=delays)
    def time_passes(self, delay: int) -> None:
        """Without the wake-up: the daemon may oversleep."""
        self.now = after(self.now, delay)

    @rule()
    def spurious_wakeup(self) -> None:
        due = deadline(self.state)
        before = self.state
        actions = self.feed(Wakeup())
        if due is None or self.now < due:
            assert actions == ()
            assert self.state == before

    @precondition(lambda self: deadline(self.state) is not None)
    @rule(late=st.sampled_from([0, 0, 0, 1, seconds(0.005), seconds(2)]), times=st.integers(1, 12))
    def wakeups_when_due(self, late: int, times: int) -> None:
        for _ in range(times):
            due = deadline(self.state)
            if due is None:
                return
            self.now = after(max(self.now, due), late)
            self.feed(Wakeup())
            again = deadline(self.state)
            assert again is not None
            assert again > self.now, "a wake-up that leaves its deadline behind would be repeated for ever"
            before = self.state
            assert self.feed(Wakeup()) == (), "a second one at the same time has nothing to do"
            assert self.state == before

    @rule(data=st.data(), priority=st.integers(0, 255), ours=st.booleans())
    def advertisement(self, data: st.DataObject, priority: int, ours: bool) -> None:  # noqa: FBT001 - drawn
        router = self.router
        interval = router.advertisement_interval if ours else data.draw(intervals(router.version))
        sender = replace(
            router, priority=router.priority if ours else max(priority, 1), advertisement_interval=interval
        )
        form = data.draw(st.sampled_from([router.initial_checksum, self.state.checksum]))
        content = an_advertisement(sender, priority=sender.priority if priority else 0, checksum=form)
        self.feed(AdvertisementReceived(content, data.draw(sources(router.family))))

    @rule(priority=st.sampled_from([1, 99, 100, 101, 254, 255]))
    def priority_changes(self, priority: int) -> None:
        previous = self.router.priority
        self.router = replace(self.router, priority=priority)
        self.feed(PriorityChanged(previous))

    @rule(data=st.data(), preempt_mode=st.booleans())
    def configuration_changes(self, data: st.DataObject, preempt_mode: bool) -> None:  # noqa: FBT001 - drawn
        previous = self.router
        held = data.draw(virtual_addresses(previous.family))
        self.router = replace(
            previous,
            addresses=held[:1],
            excluded_addresses=held[1:],
            preempt_mode=preempt_mode,
            advertisement_interval=data.draw(intervals(previous.version)),
        )
        self.feed(ConfigChanged(previous))

    # what it does, and what must hold of it

    def feed(self, event: Event) -> tuple[Action, ...]:
        found = step(self.router, self.state, event, self.now)
        assert step(self.router, self.state, event, self.now) == found, "the same again gives the same"
        before, self.state = self.state, found.state
        for action in found.actions:
            self.perform(action)
        self.check_order(before, found.state, found.actions)
        return found.actions

    def perform(self, action: Action) -> None:
        match action:
            case InstallAddresses(addresses=addresses):
                assert self.held.isdisjoint(addresses), "installed twice"
                self.held |= set(addresses)
            case WithdrawAddresses(addresses=addresses):
                assert self.held.issuperset(addresses), "withdrawn without being there"
                self.held -= set(addresses)
            case AnnounceAddresses(addresses=addresses):
                assert self.held.issuperset(addresses), "announced before being there"
            case SendAdvertisement(priority=priority):
                assert priority in {self.router.priority, PRIORITY_RESIGN}
                for advertisement in advertisements(self.router, action):
                    assert encode(advertisement, self.router.primary_address)
            case StateChanged(current=current):
                assert current == self.state, "told of another state than it is in"
            case ReportOddity():
                pass

    def check_order(self, before: State, now: State, actions: tuple[Action, ...]) -> None:
        told = [action for action in actions if isinstance(action, StateChanged)]
        assert actions[len(actions) - len(told) :] == tuple(told), "StateChanged comes last"
        assert len(told) == (type(before) is not type(now)) or (type(before) is type(now) and len(told) <= 1)
        if isinstance(now, Master) and not isinstance(before, Master):
            assert kinds(actions) == [SendAdvertisement, InstallAddresses, AnnounceAddresses, StateChanged]
        if isinstance(before, Master) and not isinstance(now, Master):
            resigns = [action for action in actions if isinstance(action, SendAdvertisement)]
            assert [action.priority for action in resigns] in ([], [PRIORITY_RESIGN])
            assert kinds(actions)[len(resigns)] is WithdrawAddresses, "nothing but a resignation comes before"
        if not isinstance(before, Master) and not isinstance(now, Master):
            assert set(kinds(actions)) <= {StateChanged, ReportOddity}

    @invariant()
    def the_deadline_exists_exactly_outside_initialize(self) -> None:
        if hasattr(self, "state"):
            assert (deadline(self.state) is None) == isinstance(self.state, Initialize)

    @invariant()
    def exactly_a_master_holds_exactly_the_addresses(self) -> None:
        if hasattr(self, "state"):
            expected = self.router.held_addresses if isinstance(self.state, Master) else ()
            assert self.held == set(expected)

    @invariant()
    def a_backup_never_waits_longer_than_the_timer_is_long(self) -> None:
        if hasattr(self, "state") and isinstance(self.state, Backup):
            longest = self.router.master_down_interval(self.state.master_advertisement_interval)
            assert self.state.armed_at <= self.now
            assert self.state.master_down_at - self.state.armed_at <= max(longest, self.now - self.state.armed_at)


TestOneRouter = OneRouter.TestCase
TestOneRouter.settings = settings(settings.default, stateful_step_count=40)


@given(routers(with_version_2=False), st.data())
def test_a_flood_does_not_become_ours(router: VirtualRouter, data: st.DataObject) -> None:
    """Of rivals and of resignations, each is answered twice an interval at most, beside the beat.

    A beat on a phase is not moved by an answer: one that was late and the next may fall into one interval.
    """
    most = 5 if router.beat_phase is None else 6
    interval = router.advertisement_interval
    due = Instant(NOW + router.master_down_interval(interval))
    state = step(router, initial_state(router), Startup(), NOW).state
    state = step(router, state, Wakeup(), due).state if isinstance(state, Backup) else state
    now, sent = due if router.priority < 255 else NOW, deque[int]()
    for _ in range(data.draw(st.integers(1, 200))):
        now = after(now, data.draw(st.sampled_from([0, 1, interval // 50, interval // 7])))
        losing = data.draw(st.sampled_from([0, 0, min(router.priority, 254)]))
        smaller = min(data.draw(sources(router.family)), router.primary_address, key=int)
        event: Event = AdvertisementReceived(an_advertisement(router, priority=losing), smaller)
        due_now = deadline(state)
        assert due_now is not None
        for feed in (Wakeup(), event) if now >= due_now else (event,):
            found = step(router, state, feed, now)
            assert isinstance(found.state, Master)
            state = found.state
            sent.extend(now for action in found.actions if isinstance(action, SendAdvertisement))
        while sent and sent[0] <= now - interval:
            sent.popleft()
        assert len(sent) <= most
