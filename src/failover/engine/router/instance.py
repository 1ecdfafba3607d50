"""One protocol instance at work: it feeds `step()` and has its actions done.

What to do is decided in `failover.vrrp`, how it is done in `performer`, when it wakes up in `schedule`, what is told of
it in `account`. Who calls it with what: `fleet`.
"""

from collections.abc import Callable
from dataclasses import replace

from failover.engine.account.evidence import transition_fields
from failover.engine.account.reporter import Reporter
from failover.engine.account.status import Past
from failover.engine.environment import EventLoop
from failover.engine.events import EventSink
from failover.engine.flood.policer import Verdict, refusal
from failover.engine.intended import Intended
from failover.engine.port.known_adverts import KnownAdverts
from failover.engine.port.port import Port
from failover.engine.router.address_guard import AddressGuard
from failover.engine.router.deferred_state import DeferredState
from failover.engine.router.performer import Performer
from failover.engine.router.schedule import Schedule
from failover.engine.router.view import View
from failover.engine.tracking import Tracking, priority_evidence
from failover.engine.transmit.beat import Beat
from failover.engine.transmit.transmitter import Transmitter
from failover.events import Kind
from failover.linux.interfaces.table import Present
from failover.linux.packet import Received
from failover.messages import Counters
from failover.vrrp import (
    Address,
    Discard,
    Fault,
    Instant,
    Interval,
    Master,
    State,
    Step,
    initial_state,
    is_below,
    step,
)
from failover.vrrp.machine import actions, events
from failover.vrrp.protocol import PRIORITY_RESIGN


class Instance(View):
    """A virtual router of one family on one interface."""

    def __init__(
        self,
        intended: Intended,
        phase: Interval | None,
        loop: EventLoop,
        transmitter: Transmitter,
        beat: Beat,
        sink: EventSink,
    ) -> None:
        """`beat` is that of the MASTERs with the router's interval and `phase` on the same interface."""
        router = replace(intended.router, beat_phase=phase)
        self.intended = intended
        self.tracking = ()
        self.link_fault = None
        self.interface = intended.interface
        self._clock = loop.clock
        self._past = Past(loop.clock.wall(), None, loop.clock.now())
        counters = Counters(discarded={}, oddities={})
        self.reporter = Reporter(self, counters, sink)
        self.guard = AddressGuard(loop, lambda now: self._restore(now, self._performer.restore))
        """Puts its addresses back."""
        self._performer = Performer(router, loop, transmitter, counters, self.reporter, self)
        self._deferred = DeferredState(initial_state(router), counters, beat)
        self._schedule = Schedule(self, self._deferred, loop)

    # --- what happens to it

    def start(self, fault: Fault | None, now: Instant) -> None:
        """Begin, or wait for the end of a fault."""
        self.link_fault = fault
        self._feed(events.Startup(fault or self._standing.fault), now)

    def stop(self, now: Instant) -> Callable[[], None]:
        """Leave the group. What is returned takes the addresses away: call it when priority 0 has been sent."""
        outcome = step(self.router, previous := self.state, events.Shutdown(), now)
        farewell = tuple(action for action in outcome.actions if isinstance(action, actions.SendAdvertisement))
        for action in farewell:
            self._performer.perform(action)

        def rest() -> None:
            self.guard.stop()
            self._performer.watch.forget()
            others = tuple(action for action in outcome.actions if action not in farewell)
            self._follow(events.Shutdown(), previous, replace(outcome, actions=others), now)

        return rest

    def link_changed(self, fault: Fault | None, now: Instant) -> None:
        """The interface became unusable or usable, or for sending only."""
        self.link_fault = self._performer.watch.fault_with(fault)
        self._feed(events.LinkChanged(self.link_fault or self._standing.fault), now)

    def follow(self, tracking: Tracking, now: Instant) -> None:
        """What it follows says something else: another priority is advertised at once, and a fault counts at once."""
        before, self.tracking = self.tracking, tracking
        self.reporter.changed = True
        if (priority := self._standing.priority) != (was := self.router.priority):
            self._performer.router = replace(self.router, priority=priority)
            self.reporter.tell(Kind.PRIORITY_CHANGED, lambda: priority_evidence(was, priority, before, tracking))
            self._feed(events.PriorityChanged(was), now)
        self.link_changed(self.link_fault, now)

    def attach(self, port: Port, primary: Address, now: Instant) -> None:
        """Work on this interface as it is now, sending from `primary`."""
        performer, previous = self._performer, self.router
        frames = performer.frames
        performer.attach(port)
        if (here := replace(previous, primary_address=primary, on_link=port.networks(self.family))) != previous:
            performer.router = here
            self._feed(events.ConfigChanged(previous), now)
        else:
            performer.prepare(self.state)
            self.settle()
        if self.is_master and frames and performer.frames not in (frames, ()):
            performer.perform(actions.AnnounceAddresses(self.router.held_addresses))  # at another MAC address

    def own_changed(self) -> None:
        """Other addresses of the port are the host's own than before: leave those alone from now on."""
        self._performer.prepare(self.state)
        self.settle()

    def reconfigure(
        self, intended: Intended, tracking: Tracking, phase: Interval | None, beat: Beat, now: Instant
    ) -> None:
        """Be as `intended` from now on: the same virtual router with other parameters, or another name."""
        self.catch_up()
        self.reporter.changed = True
        was, self.intended, self.tracking = self.router, intended, tracking
        self._deferred.move(self, beat)
        router = replace(
            intended.router,
            primary_address=was.primary_address,
            on_link=was.on_link,
            beat_phase=phase,
            priority=self._standing.priority,
        )
        if router != was:
            self._performer.reconfigure(router)
            self._feed(events.ConfigChanged(was), now)
        self.link_changed(self.link_fault, now)

    def retire(self) -> None:
        """It has stopped and all is told: let go of whatever holds it, for nobody collects garbage here."""
        self._schedule.retire()
        self.guard.retire()
        self._performer.retire()
        self.reporter.retire()

    def hear(
        self, packet: Received, now: Instant, raw: bytes = b"", known_adverts: KnownAdverts | None = None
    ) -> Verdict:
        """A packet with our VRID arrived, `raw` as it came from the socket; `known_adverts` notes it the next time."""
        outcome = self._performer.authenticator.receive(packet, self.router)
        if isinstance(outcome, Discard):
            self.reporter.discarded(outcome, packet.meta, self.router, now)
            return refusal(outcome)
        counters = self._deferred.counters
        counters.advertisements_received += 1
        counters.priority_zero_received += outcome.priority == PRIORITY_RESIGN
        event = events.AdvertisementReceived(outcome, packet.meta.source)
        followed = self._feed(event, now)
        if known_adverts is not None:
            self._schedule.heard(packet, raw, event, followed, now, known_adverts)
        return Verdict.LOSING if is_below(self.cutoff, event) else Verdict.HEEDED

    def addresses_present(self, present: Present, now: Instant) -> None:
        """What is on the interface now; a MASTER undoes what somebody else has done to its addresses."""
        self.guard.seen(now, complete=not self.is_master or self._performer.holds(present))

    def reinstall(self, now: Instant) -> None:
        """Put back all that a MASTER had on its interface, which was made anew."""
        self._restore(now, self._performer.reinstall)

    # --- as a member of its beat

    def catch_up(self) -> None:
        """The next beats may be others."""
        self._deferred.catch_up()

    def wake(self, now: Instant) -> None:
        """The deadline has come, or may have."""
        self._feed(events.Wakeup(), now)

    def settle(self) -> None:
        """Be woken when the state as it is now wants it."""
        self._schedule.settle(None if self._performer.send_errors else self._performer.advertisement)

    def beat_failed(self, error: OSError) -> None:
        """Our part of the last beat could not be sent: go on alone, until something can."""
        if self._performer.advertisement_failed(error):
            self.counters.advertisements_sent -= 1
            self.settle()

    def prewarm(self, at: Instant) -> None:
        """What the wake-up at `at` will do, without doing it: `step()` is pure."""
        step(self.router, self.state, events.Wakeup(), at)
        self._performer.prewarm()

    # --- the state machine

    def _feed(self, event: events.Event, now: Instant) -> Step:
        previous = self.state
        outcome = step(self.router, previous, event, now)
        self._follow(event, previous, outcome, now)
        return outcome

    def _follow(self, event: events.Event, previous: State, outcome: Step, now: Instant) -> None:
        self._deferred.known = outcome.state
        reconfigured = isinstance(event, events.ConfigChanged | events.PriorityChanged)
        if outcome.state is not previous or reconfigured:
            self._deferred.forget()
            self.reporter.changed = True
        if outcome.state.checksum is not previous.checksum or reconfigured:
            self._performer.prepare(outcome.state)
        for action in outcome.actions:
            self._act(action, now)
        if reconfigured or type(outcome.state) is not type(previous):
            self._performer.reopen(now)
        self.settle()

    def _act(self, action: actions.Action, now: Instant) -> None:
        match action:
            case actions.StateChanged():
                self._changed(action, now)
            case actions.ReportOddity():
                self.reporter.odd(action, self.router, now)
            case _:
                self._performer.perform(action)
        if isinstance(action, actions.InstallAddresses):
            self.guard.installed(now)

    def _restore(self, now: Instant, how: Callable[[], None]) -> None:
        self.wake(now)  # a MASTER that did not run for long learns it before it takes anything back
        if self.is_master:
            self.guard.installed(now)
            how()

    def _changed(self, change: actions.StateChanged, now: Instant) -> None:
        self._past = self._past.then(change, now, self._clock.wall())
        if type(change.current) is not type(change.previous):
            self._performer.state_changed(is_master=isinstance(change.current, Master))
            self._deferred.counters.transitions_to_master += isinstance(change.current, Master)
        self.reporter.tell(Kind.STATE_CHANGED, lambda: transition_fields(change, now))
