"""One protocol instance at work: feeds `step()`, does the actions that it asks for, counts, and reports.

What to do is decided in `failover.vrrp`; how the bytes look, in `prepared`; who calls with what, in `engine`.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import assert_never

from failover.engine.attachment import Attachment
from failover.engine.flood import Verdict
from failover.engine.loop import Loop
from failover.engine.prepared import Prepared, announcements, managed, prepare
from failover.engine.reporting import (
    Fields,
    Hush,
    fault_status,
    master_down_interval,
    master_of,
    oddity_fields,
    transition_fields,
    wall_clock,
)
from failover.engine.sending import Unsent
from failover.linux.addresses import Batch, prepare_add, prepare_remove
from failover.linux.errors import reason
from failover.linux.inbox import Received
from failover.messages import Counters, Event, RouterStatus
from failover.vrrp import (
    Action,
    Address,
    AdvertisementReceived,
    AnnounceAddresses,
    Backup,
    ConfigChanged,
    Discard,
    Fault,
    Floor,
    InstallAddresses,
    Instant,
    Interval,
    LinkChanged,
    Master,
    PriorityChanged,
    ReportOddity,
    SendAdvertisement,
    Shutdown,
    Startup,
    State,
    StateChanged,
    Step,
    VirtualAddress,
    VirtualRouter,
    Wakeup,
    WithdrawAddresses,
    deadline,
    floor_of,
    initial_state,
    is_below,
    receive,
    seconds,
    state_name,
    step,
)
from failover.vrrp import (
    Event as ProtocolEvent,
)
from failover.vrrp.protocol import PRIORITY_RESIGN
from failover.vrrp.shortcut import heard_again, settled_for

RESTORE_EVERY = seconds(0.1)
"""How soon an address that somebody keeps removing is put back again; the first time it is put back at once."""

Publish = Callable[[Event, "Instance"], None]


class Instance:
    """A virtual router of one family on one interface."""

    def __init__(self, name: str, interface: str, router: VirtualRouter, loop: Loop, publish: Publish) -> None:
        self.name = name
        self.interface = interface
        self.router = router
        self.settled: bytes | None = None
        """The MASTER's packet that `hear_again` may take, as long as nothing else has happened."""
        self.since = wall_clock()
        self.counters = Counters(discarded={}, oddities={})
        self._held = [str(address) for address in router.held_addresses]
        self._state: State = initial_state(router)
        self._heard_again_at: Instant | None = None
        """Later than the state knows: it is made up when somebody asks for it, not with every packet."""
        self._held_off = Interval(0)
        self._publish = publish
        self._alarm = loop.alarm(self._wake)
        self._restoring = loop.alarm(self._restore)
        self._restore_after = Instant(0)
        self._hush = Hush()
        self._unsent = Unsent()
        self._attachment: Attachment | None = None
        self._foreign: frozenset[VirtualAddress] = frozenset()
        self._prepared: Prepared | None = None

    @property
    def state(self) -> State:
        """Where it is in the protocol."""
        if self._heard_again_at is not None and isinstance(self._state, Backup):
            self._state = heard_again(self._state, self._heard_again_at)
            self._heard_again_at = None
        return self._state

    @property
    def is_master(self) -> bool:
        """Whether it holds its addresses."""
        return isinstance(self.state, Master)

    @property
    def floor(self) -> Floor | None:
        """What an advertisement must at least be to have a say as things are."""
        return floor_of(self.router, self.state)

    @property
    def is_faulted(self) -> bool:
        """Whether it waits for the end of a fault."""
        return fault_status(self.state) is not None

    # --- what happens to it

    def start(self, fault: Fault | None, now: Instant) -> None:
        """Begin, or wait for the end of a fault."""
        self._feed(Startup(fault), now)

    def stop(self, now: Instant) -> None:
        """Leave the group and take the addresses away."""
        self._restoring.set(None)
        self._feed(Shutdown(), now)

    def link_changed(self, fault: Fault | None, now: Instant) -> None:
        """The interface became unusable or usable."""
        self._feed(LinkChanged(fault), now)

    def stand(self, attachment: Attachment, primary: Address, foreign: frozenset[VirtualAddress], now: Instant) -> None:
        """Work on this interface as it is now, sending from `primary`.

        `foreign` are virtual addresses that the host itself has (the address owner's): never removed.
        """
        self._attachment = attachment
        self._foreign = foreign
        before, previous = self._prepared, self.router
        if primary != previous.primary_address:
            self.router = replace(previous, primary_address=primary)
            self._feed(ConfigChanged(previous), now)
        else:
            self._prepare()
        if self.is_master and before and self._prepared and before.announcements != self._prepared.announcements:
            self._announce(self.router.held_addresses, now)  # the interface has another MAC address

    def hear(self, packet: Received, now: Instant, raw: bytes | None = None) -> Verdict:
        """A packet with our VRID arrived, `raw` as it came from the socket."""
        outcome = receive(packet.payload, packet.meta, self.router)
        if isinstance(outcome, Discard):
            self._discard(outcome, packet, now)
            return Verdict.REFUSED
        self.counters.advertisements_received += 1
        if outcome.priority == PRIORITY_RESIGN:
            self.counters.priority_zero_received += 1
        event = AdvertisementReceived(outcome, packet.meta.source)
        held_off = settled_for(event, self._feed(event, now), now)
        if held_off is not None:
            self.settled, self._held_off = raw, held_off
        return Verdict.LOSING if is_below(self.floor, event) else Verdict.HEEDED

    def hear_again(self, now: Instant) -> None:
        """The packet that is `settled` arrived once more: what `hear` would do, in a tenth of its time."""
        self.counters.advertisements_received += 1
        self._heard_again_at = now
        self._alarm.set(Instant(now + self._held_off), self._rehearse)

    def addresses_present(self, present: frozenset[VirtualAddress], now: Instant) -> None:
        """What is on the interface now; a MASTER puts back what somebody else has taken away."""
        if self.is_master and not present.issuperset(managed(self.router.held_addresses, self._foreign)):
            self._restoring.set(max(now, self._restore_after))
        else:
            self._restoring.set(None)

    # --- the state machine

    def _wake(self, now: Instant) -> None:
        self._feed(Wakeup(), now)

    def _rehearse(self, at: Instant) -> None:
        """What the wake-up at `at` will do, without doing it: `step()` is pure."""
        step(self.router, self.state, Wakeup(), at)

    def _feed(self, event: ProtocolEvent, now: Instant) -> Step:
        previous = self.state
        outcome = step(self.router, previous, event, now)
        self._state = outcome.state
        reconfigured = isinstance(event, ConfigChanged | PriorityChanged)
        if outcome.state is not previous or reconfigured:
            self.settled = None
        if outcome.state.checksum is not previous.checksum or reconfigured:
            self._prepare()
        for action in outcome.actions:
            self._perform(action, now)
        if self._attachment and (reconfigured or type(outcome.state) is not type(previous)):
            self._attachment.reopen(self.router.family, self.router.vrid, now)
        # A MASTER's beat is many a second, and a little late does no harm; a takeover is rare, and waited for.
        self._alarm.set(deadline(outcome.state), None if self.is_master else self._rehearse)
        return outcome

    def _perform(self, action: Action, now: Instant) -> None:
        match action:
            case SendAdvertisement():
                self._advertise(action, now)
            case InstallAddresses(addresses=addresses):
                self._apply(self._install_batch(addresses), "installing", now)
                # The kernel tells of IPv6 addresses a moment after those that others get meanwhile.
                self._restore_after = Instant(now + RESTORE_EVERY)
            case WithdrawAddresses(addresses=addresses):
                self._apply(self._withdraw_batch(addresses), "withdrawing", now)
            case AnnounceAddresses(addresses=addresses):
                self._announce(addresses, now)
            case StateChanged():
                self._changed(action, now)
            case ReportOddity():
                self._odd(action, now)
            case _:
                assert_never(action)

    # --- the actions

    def _prepare(self) -> None:
        """Make the bytes anew, while there is an interface to make them for."""
        at = self._attachment
        if at is None or at.interface is None:
            self._prepared = None
            return
        self._prepared = prepare(
            self.router, self.state.checksum, at.interface.ifindex, at.interface.mac, self._foreign
        )

    def _advertise(self, action: SendAdvertisement, now: Instant) -> None:
        if self._attachment is None or self._prepared is None:
            return
        resigns = action.priority == PRIORITY_RESIGN
        try:
            ready = self._prepared.resign if resigns else self._prepared.advertise
            self._attachment.send(self.router.family, ready)
        except OSError as error:
            self._send_failed("advertisement", error, now)
            return
        self._sent("advertisement", now)
        self.counters.advertisements_sent += 1
        self.counters.priority_zero_sent += resigns

    def _announce(self, addresses: tuple[VirtualAddress, ...], now: Instant) -> None:
        at = self._attachment
        if at is None or at.interface is None or self._prepared is None:
            return
        everything = addresses == self.router.held_addresses
        frames = self._prepared.announcements if everything else announcements(addresses, at.interface.mac)
        try:
            at.announce(frames)
        except OSError as error:
            self._send_failed("announcement", error, now)
            return
        self._sent("announcement", now)

    def _send_failed(self, what: str, error: OSError, now: Instant) -> None:
        self.counters.send_errors += 1
        self._unsent.failed(what, reason(error), wall_clock())
        self._report("send_failed", {"what": what, "error": reason(error)}, now, f"send_failed {what}")

    def _sent(self, what: str, now: Instant) -> None:
        over = self._unsent.sent(what)
        if over is not None:
            fields: Fields = {"what": what, "failed": over.count, "error": over.error}
            self._report("send_recovered", fields, now, f"send_recovered {what}")

    def _install_batch(self, addresses: tuple[VirtualAddress, ...]) -> Batch | None:
        if self._prepared is None or addresses == self.router.held_addresses:
            return self._prepared.install if self._prepared else None
        return prepare_add(self._prepared.install.ifindex, managed(addresses, self._foreign))

    def _withdraw_batch(self, addresses: tuple[VirtualAddress, ...]) -> Batch | None:
        if self._prepared is None or addresses == self.router.held_addresses:
            return self._prepared.withdraw if self._prepared else None
        return prepare_remove(self._prepared.withdraw.ifindex, managed(addresses, self._foreign))

    def _apply(self, batch: Batch | None, doing: str, now: Instant) -> None:
        if self._attachment is None or batch is None:
            return
        failures = self._attachment.apply(batch)
        if failures:
            listed = "; ".join(str(failure) for failure in failures[:3])
            fields: Fields = {"doing": doing, "count": len(failures), "errors": listed}
            self._report("addresses_failed", fields, now, f"addresses_failed {doing}")

    def _restore(self, now: Instant) -> None:
        self._feed(Wakeup(), now)  # a MASTER that did not run for long learns it before it takes anything back
        if self._prepared is None or not self.is_master:
            return
        self._restore_after = Instant(now + RESTORE_EVERY)
        self._apply(self._prepared.install, "restoring", now)
        self._announce(self.router.held_addresses, now)
        self._report("addresses_restored", {"interface": self.interface}, now)

    # --- what others are told

    def _changed(self, change: StateChanged, now: Instant) -> None:
        if type(change.current) is not type(change.previous):
            self.since = wall_clock()
            self._unsent.forget()
            self.counters.transitions_to_master += isinstance(change.current, Master)
        self._tell("state_changed", transition_fields(change, now))

    def _odd(self, report: ReportOddity, now: Instant) -> None:
        _count(self.counters.oddities, report.oddity.value)
        key = f"oddity {report.oddity.value}"
        self._report("oddity", oddity_fields(report, self.router), now, key)

    def _discard(self, discard: Discard, packet: Received, now: Instant) -> None:
        _count(self.counters.discarded, discard.reason.value)
        suppressed = self._hush.admit(discard.reason.value, now)
        if suppressed is None:
            return
        fields: Fields = {"reason": discard.reason.value, "source": str(packet.meta.source), "detail": str(discard)}
        self._tell("discarded", fields | ({"suppressed": suppressed} if suppressed else {}))

    def _report(self, kind: str, fields: Fields, now: Instant, key: str = "") -> None:
        """Tell, unless the same was told a short while ago."""
        suppressed = self._hush.admit(key or kind, now)
        if suppressed is not None:
            self._tell(kind, fields | ({"suppressed": suppressed} if suppressed else {}))

    def _tell(self, kind: str, fields: Fields) -> None:
        family = self.router.family.label
        self._publish(Event(at=wall_clock(), kind=kind, name=self.name, family=family, fields=fields), self)

    def status(self) -> RouterStatus:
        """Everything about it, now."""
        router, state = self.router, self.state
        return RouterStatus(
            name=self.name,
            family=router.family.label,
            vrid=router.vrid,
            interface=self.interface,
            version=int(router.version),
            state=state_name(state),
            since=self.since,
            fault=fault_status(state),
            configured_priority=router.priority,
            effective_priority=router.priority,
            master=master_of(router, state),
            advertisement_interval=router.advertisement_interval,
            master_down_interval=master_down_interval(router, state),
            addresses=self._held,
            counters=self.counters,
            send_error=self._unsent.worst,
        )


def _count(table: dict[str, int], key: str) -> None:
    table[key] = table.get(key, 0) + 1
