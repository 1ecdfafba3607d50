"""Does what `step()` asks for, on one router's interface, from prepared bytes.

When, and together with what, is for `transmitter`. Nothing is decided here; what fails is counted and reported.
"""

from collections.abc import Callable
from functools import partial
from typing import Final, Protocol, assert_never

from failover.engine.account.conflict import some
from failover.engine.account.reporter import Reporter
from failover.engine.authentication.authenticator import Authenticator
from failover.engine.environment import EventLoop
from failover.engine.port.port import Port
from failover.engine.router.address_guard import AddressGuard
from failover.engine.router.send_errors import SendErrors
from failover.engine.router.send_watch import SendWatch
from failover.engine.transmit.announcements import Announcement
from failover.engine.transmit.prepared import ANNOUNCEMENT_REPEAT, Prepared, announcements, managed, prepare, trial
from failover.engine.transmit.transmitter import Transmitter
from failover.events import Kind
from failover.linux.errors import reason
from failover.linux.interfaces.table import Present
from failover.linux.netlink.addresses import Failure, prepare_add, prepare_remove
from failover.linux.netlink.interning import intern_address
from failover.linux.sockets.outbox import Packets, PartlyRefusedError
from failover.messages import Counters
from failover.vrrp import (
    AnnounceAddresses,
    Fault,
    InstallAddresses,
    Instant,
    SendAdvertisement,
    State,
    VirtualAddress,
    VirtualRouter,
    WithdrawAddresses,
)
from failover.vrrp.protocol import PRIORITY_RESIGN
from failover.wording import Fields

_FAILURES_TOLD: Final = 3

NetworkAction = SendAdvertisement | InstallAddresses | WithdrawAddresses | AnnounceAddresses


class Owner(Protocol):
    """The router that is acted for."""

    guard: AddressGuard
    """Has addresses put back."""

    def settle(self) -> None:
        """An advertisement could not be sent: it has to watch for itself."""

    def link_changed(self, fault: Fault | None, now: Instant) -> None:
        """It cannot work for want of sending; None: it can."""


class Performer:
    """Acts for one protocol instance. Without an interface it does nothing."""

    def __init__(
        self,
        router: VirtualRouter,
        loop: EventLoop,
        transmitter: Transmitter,
        counters: Counters,
        reporter: Reporter,
        owner: Owner,
    ) -> None:
        self._transmitter = transmitter
        self._clock = transmitter.clock
        self._counters = counters
        self._reporter = reporter
        self._not_sent = owner.settle
        self._not_added: Callable[[Instant], None] = owner.guard.refused
        self.watch = SendWatch(self, loop, owner.link_changed)
        self.send_errors = SendErrors()
        self.authenticator = Authenticator(loop.clock)
        self.reconfigure(router)
        self._port: Port | None = None
        self._prepared: Prepared | None = None
        self._removed: frozenset[VirtualAddress] = frozenset()
        self._altered: frozenset[VirtualAddress] = frozenset()
        """What somebody else has done to our addresses, as of the last look: taken away, given other lifetimes."""

    def reconfigure(self, router: VirtualRouter) -> None:
        """Other parameters; the bytes made for the old ones serve until `prepare`."""
        self._reporter.problems.forget_heard()
        self.router = router
        self.held = frozenset(intern_address(address) for address in router.held_addresses)

    def attach(self, port: Port) -> None:
        """Work on this interface."""
        self._port = port

    def prepare(self, state: State) -> None:
        """Make the bytes anew, while there is an interface to make them for."""
        at = self._port
        if at is None or at.interface is None:
            self._prepared = None
            return
        self._prepared = prepare(self.router, state.checksum, at, at.own.all)

    @property
    def interface(self) -> str:
        """The name of its interface."""
        return self._port.name if self._port else ""

    @property
    def advertisement(self) -> Packets | None:
        """What a MASTER sends, None without an interface."""
        return self._prepared.advertise if self._prepared else None

    @property
    def frames(self) -> tuple[bytes, ...]:
        """One round of announcements of all addresses."""
        return self._prepared.announcements.contents if self._prepared else ()

    def holds(self, present: Present) -> bool:
        """Whether all that a MASTER has on its interface, but for the host's own, is there as it should be."""
        own = self._port.own.all if self._port else frozenset()
        ours = frozenset(managed(self.router.held_addresses, own)) if own else self.held
        wrong = ours - present[self.router.preferred_lifetime]
        self._altered = wrong and wrong.intersection(frozenset().union(*present.values()))
        self._removed = wrong - self._altered
        if not wrong and self._reporter.refused:  # all are there after all, whoever has added them
            self._reporter.refused, self._reporter.changed = (), True
        return not wrong

    def perform(self, action: NetworkAction) -> None:
        """Have the transmitter do what the action asks for."""
        if self._port is None or self._prepared is None:
            return
        match action:
            case SendAdvertisement(priority=priority):
                self._advertise(self._port, self._prepared, resigns=priority == PRIORITY_RESIGN)
            case InstallAddresses(addresses=addresses):
                self._install(self._port, self._prepared, addresses, "installing")
            case WithdrawAddresses(addresses=addresses):
                self._withdraw(self._port, self._prepared, addresses)
            case AnnounceAddresses(addresses=addresses):
                self._announce(self._port, self._prepared, addresses)
            case _:
                assert_never(action)

    def retire(self) -> None:
        """All is done: forget whom it acted for."""
        self._not_sent = self._not_added = _to_nobody
        self.watch.retire()

    def prewarm(self) -> None:
        """Go the way of a takeover, and do nothing."""
        at, prepared = self._port, self._prepared
        if at is not None and prepared is not None:
            self._transmitter.prewarm(at, self.router.family, prepared.advertise, prepared.announcements)

    def reopen(self, now: Instant) -> None:
        """Let in what the kernel refuses as losing: it may win from now on."""
        if self._port is not None:
            self._port.reopen(self.router.family, self.router.vrid, now)

    def state_changed(self, *, is_master: bool) -> None:
        """The router became MASTER or ceased to be: what failed before has no meaning any more."""
        self.send_errors.forget()
        self._reporter.refused = ()
        self.watch.state_changed(is_master=is_master)

    def announce(self) -> None:
        """Draw the addresses to this host, while MASTER."""
        self.perform(AnnounceAddresses(self.router.held_addresses))

    def send_trial(self, done: Callable[[OSError | None], None]) -> None:
        """Find out whether advertisements can be sent."""
        if self._port is not None:
            self._transmitter.advertise(self._port, self.router.family, trial(self.router, self._port), done)

    def reinstall(self) -> None:
        """Put back everything, and announce it."""
        self.perform(InstallAddresses(self.router.held_addresses))
        self.announce()

    def restore(self) -> None:
        """Put back what is missing, set lifetimes again that somebody has changed, and tell of it."""
        at, prepared = self._port, self._prepared
        if at is None or prepared is None:
            return
        refused, missing = self._reporter.refused, self._removed
        wrong = self.held if refused else missing | self._altered
        addresses = tuple(address for address in self.router.held_addresses if address in wrong)
        self._install(at, prepared, addresses, "restoring")
        if refused or missing:
            self._announce(at, prepared, self.router.held_addresses)
        for kind, done in ((Kind.ADDRESSES_RESTORED, missing), (Kind.LIFETIMES_RESTORED, self._altered)):
            if done:
                fields: Fields = {"interface": at.name, "addresses": some(done)}
                self._reporter.report(kind, {}, self._clock.now(), partial(dict, fields))

    def send_failed(self, what: str, error: OSError) -> None:
        """Count and report that something could not be sent."""
        self._counters.send_errors += 1
        self.send_errors.failed(what, reason(error), self._clock.wall())
        self.watch.failed(what, error, self._clock.now())
        self._reporter.report(
            Kind.SEND_FAILED, {"what": what}, self._clock.now(), lambda: {"what": what, "error": reason(error)}
        )

    def advertisement_failed(self, error: OSError) -> bool:
        """Count and report that it could not be sent; False where it was, but for some peers."""
        if not isinstance(error, PartlyRefusedError):
            self.send_failed("advertisement", error)
            return True
        self._counters.send_errors += 1
        versions = 1 + self.router.with_version_2
        for place, destination in enumerate(self.router.destinations):
            if refused := error.refused.get(place * versions):
                what = f"advertisement to {destination}"
                fields: Fields = {"what": what, "error": reason(refused)}
                self._reporter.report(Kind.SEND_FAILED, {"what": what}, self._clock.now(), partial(dict, fields))
        return False

    def _sent(self, what: str) -> None:
        over = self.send_errors.sent(what)
        if over is not None:
            self.watch.recovered(what, self._clock.now())
            self._reporter.report(
                Kind.SEND_RECOVERED,
                {"what": what},
                self._clock.now(),
                lambda: {"what": what, "failed": over.count, "error": over.error},
            )

    def _advertise(self, at: Port, prepared: Prepared, *, resigns: bool) -> None:
        def done(error: OSError | None) -> None:
            if error is not None and self.advertisement_failed(error):
                self._not_sent()
                return
            self._sent("advertisement")
            self._counters.advertisements_sent += 1
            self._counters.priority_zero_sent += resigns

        ready = prepared.resign if resigns else prepared.advertise
        if self.router.signs:
            ready = Packets(self.authenticator.signed(ready.contents, self.router), ready.destinations)
        self._transmitter.advertise(at, self.router.family, ready, done)

    def _install(self, at: Port, prepared: Prepared, addresses: tuple[VirtualAddress, ...], doing: str) -> None:
        batch = prepared.install
        if addresses != self.router.held_addresses:
            some = managed(addresses, at.own.all)
            batch = prepare_add(batch.ifindex, some, at.reserve(len(some)), self.router.preferred_lifetime)
        self._transmitter.change(batch, partial(self._changed, doing))

    def _withdraw(self, at: Port, prepared: Prepared, addresses: tuple[VirtualAddress, ...]) -> None:
        everything = addresses == self.router.held_addresses
        if everything:
            self._transmitter.silence(self)
        batch, left = prepared.withdraw, at.left_to_others(addresses)
        if left or not everything:
            some = managed(addresses, at.own.all | left)
            batch = prepare_remove(batch.ifindex, some, at.reserve(len(some)))
        self._transmitter.change(batch, partial(self._changed, "withdrawing"))

    def _changed(self, doing: str, failures: tuple[Failure, ...]) -> None:
        if doing != "withdrawing" and failures != self._reporter.refused:
            self._reporter.refused, self._reporter.changed = failures, True
        if failures:
            if doing != "withdrawing":
                self._not_added(self._clock.now())
            listed = "; ".join(str(failure) for failure in failures[:_FAILURES_TOLD])
            self._reporter.report(
                Kind.ADDRESSES_FAILED,
                {"doing": doing},
                self._clock.now(),
                lambda: {"doing": doing, "count": len(failures), "errors": listed},
            )

    def _announce(self, at: Port, prepared: Prepared, addresses: tuple[VirtualAddress, ...]) -> None:
        everything = addresses == self.router.held_addresses
        frames = prepared.announcements if everything else announcements(addresses, at)
        if not frames:  # it has no addresses
            return

        def done(error: OSError | None) -> None:
            if error is not None:
                self.send_failed("announcement", error)
            else:
                self._sent("announcement")

        self._transmitter.announce(Announcement(self, at, frames, ANNOUNCEMENT_REPEAT, done))


def _to_nobody(*_: object) -> None:
    pass
