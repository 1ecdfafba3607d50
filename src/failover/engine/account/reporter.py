"""Counts and tells what happens to one virtual router, and the same thing not too often."""

from collections.abc import Collection, Mapping
from functools import partial
from typing import Final

from failover.engine.account.conflict import NONE, refused_in_words
from failover.engine.account.evidence import oddity_fields
from failover.engine.account.problems import (
    Finding,
    Problems,
    Wrong,
    cannot_send,
    elsewhere,
    oddity,
    other_program,
    refusal,
    unheard,
)
from failover.engine.account.status import Trouble
from failover.engine.events import EventSink, Evidence, Subject
from failover.events import Kind
from failover.linux.clock import Clock
from failover.linux.errors import reason
from failover.linux.netlink.addresses import Failure
from failover.messages import Counters, SendError
from failover.rate_limit import RateLimit, Same, with_suppressed
from failover.vrrp import (
    Address,
    Discard,
    Instant,
    Interval,
    ReceivedFrom,
    ReportOddity,
    VirtualRouter,
    is_cut,
    seconds,
)
from failover.vrrp.machine.actions import OF_THE_SENDER
from failover.vrrp.packet.receive import TRIAL
from failover.wording import Fields

_ASKED_EVERY: Final = seconds(60)
"""At the latest, for what was found before."""
_TOLD_AS: Final = {
    Finding.ADDRESS_ELSEWHERE: (Kind.ADDRESS_ELSEWHERE, Kind.ADDRESS_ELSEWHERE_OVER),
    Finding.CANNOT_SEND: (Kind.CANNOT_SEND, Kind.CANNOT_SEND_OVER),
    Finding.OTHER_PROGRAM: (Kind.OTHER_PROGRAM, Kind.OTHER_PROGRAM_OVER),
    Finding.UNHEARD_MASTER: (Kind.UNHEARD_MASTER, Kind.UNHEARD_MASTER_OVER),
}
"""What the log says of a finding, and of its end."""

Found = dict[Wrong, Fields]
"""What is wrong, with its evidence."""


class Reporter:
    """Of one router, from its making to its retirement."""

    def __init__(self, subject: Subject, counters: Counters, events: EventSink) -> None:
        self._subject: Subject | None = subject
        self._counters = counters
        self._events = events
        self._limit = RateLimit()
        self.problems = Problems()
        """What others are heard to do wrong."""
        self.conflict = NONE
        """What is wrong with its addresses on the interface; whoever watches them puts it here."""
        self.refused: tuple[Failure, ...] = ()
        """Which of its addresses the kernel did not take while it is MASTER, and why."""
        self._last_found: dict[Finding, Found] = {}
        """What was found the last time that it was looked for."""
        self.changed = True
        """Whether the router's status is another one than was told; whoever tells it says no more."""

    def retire(self) -> None:
        """All is told: forget whom it was about."""
        self._subject = None

    def tell(self, kind: Kind, evidence: Evidence) -> None:
        """Tell it when there is time, as of now."""
        self.changed = True
        if self._subject is not None:
            self._events.tell_of(self._subject, kind, evidence)

    def trouble(self, send_error: SendError | None, interface: str, clock: Clock) -> Trouble:
        """All that is wrong now."""
        parts = refused_in_words(self.refused, interface), self.conflict.words(interface)
        wrong, kept = "; ".join(filter(None, parts)) or None, self.conflict.words_in_a_fault(interface)
        return Trouble(send_error, wrong, self.problems.current(clock), kept)

    def report(self, kind: Kind, same: Same, now: Instant, evidence: Evidence, *, once: bool = False) -> None:
        """Tell it, unless the same was told a short while ago; `same` and `once` are what `RateLimit.admit` wants."""
        self.changed = True
        suppressed = self._limit.admit(kind, same, now, once=once)
        if suppressed is not None:
            self.tell(kind, lambda: with_suppressed(evidence(), suppressed))

    def configured(self, router: VirtualRouter, now: Instant) -> None:
        """It has these parameters now: tell what of them an operator should know."""
        if router.password is not None and is_cut(router.password):
            self.report(Kind.PASSWORD_CUT, {}, now, dict)

    def odd(self, report: ReportOddity, router: VirtualRouter, now: Instant) -> None:
        """An advertisement was tolerated."""
        label, evidence = report.oddity.value, partial(oddity_fields, report, router)
        _count(self._counters.oddities, label)
        once = report.oddity in OF_THE_SENDER
        self.report(Kind.ODDITY, {"oddity": label, "source": report.source.packed}, now, evidence, once=once)
        if not once:
            interval = max(report.advertisement.interval, router.advertisement_interval)
            self.problems.heard(oddity(report, router), interval, now, evidence)

    def discarded(self, discard: Discard, meta: ReceivedFrom, router: VirtualRouter, now: Instant) -> None:
        """A packet was no advertisement for it."""
        if discard == TRIAL:
            return
        reason = discard.reason.value
        _count(self._counters.discarded, reason)

        def evidence() -> Fields:
            return {"reason": reason, "source": str(meta.source), "detail": str(discard)}

        self.report(Kind.DISCARDED, {"reason": reason, "source": meta.source.packed}, now, evidence)
        self.problems.heard(refusal(discard, meta.source), router.advertisement_interval, now, evidence)

    def held_elsewhere(
        self, interface: str, holders: Mapping[str, Collection[Address]], answered: Collection[str], now: Instant
    ) -> None:
        """The link was asked who has the router's addresses: who else has which, and who of them answered this time.

        All of these are told apart by their MAC addresses.
        """
        found: Found = {
            elsewhere(mac): {"interface": interface, "addresses": ", ".join(map(str, addresses)), "mac": mac}
            for mac, addresses in holders.items()
        }
        self._counters.address_elsewhere += len(holders.keys() & answered)
        self._found(Finding.ADDRESS_ELSEWHERE, found, {elsewhere(mac) for mac in answered}, _ASKED_EVERY, now)

    def unheard(self, priorities: Mapping[Address, int], every: Interval, now: Instant) -> None:
        """Which other MASTERs were seen on the link and not heard, and their priorities; looked for so often."""
        found: Found = {
            unheard(source): {"source": str(source), "priority": priority} for source, priority in priorities.items()
        }
        self._found(Finding.UNHEARD_MASTER, found, found.keys(), max(every, _ASKED_EVERY), now)

    def sent_besides(self, source: Address | None, interface: str, vrid: int, looks: int, now: Instant) -> None:
        """From where another program on this host sends with the router's VRID; so many looks are one for it."""
        found: Found = {}
        if source is not None:
            found[other_program(source)] = {"interface": interface, "vrid": vrid}
        self._found(Finding.OTHER_PROGRAM, found, found.keys(), Interval(looks * _ASKED_EVERY), now)

    def could_send(self, error: OSError | None, interface: str, source: Address, now: Instant) -> None:
        """A BACKUP has found out whether it could send from `source`."""
        found: Found = {}
        if error is not None:
            refused = isinstance(error, PermissionError)
            found[cannot_send(source)] = {"interface": interface, "error": reason(error), "is_refused": refused}
        self._found(Finding.CANNOT_SEND, found, found.keys(), _ASKED_EVERY, now)

    def is_no_backup(self) -> None:
        """The router is no BACKUP any more: it need not be able to send, or has been told that it cannot."""
        for wrong in self._last_found.pop(Finding.CANNOT_SEND, ()):
            self.problems.over(wrong)
            self.changed = True

    def is_no_master(self) -> None:
        """The router is no MASTER any more: others may be, and have its addresses."""
        for wrong in (wrong for found in self._last_found.values() for wrong in found):
            self.problems.over(wrong)
            self.changed = True
        self._last_found.clear()

    def _found(self, what: Finding, found: Found, this_time: Collection[Wrong], every: Interval, now: Instant) -> None:
        """All that is found of a kind, and what of it was found this time."""
        before = self._last_found.get(what, {})
        self._last_found[what] = found
        kind, over = _TOLD_AS[what]
        for wrong in before.keys() - found.keys():
            if self.problems.over(wrong):
                self.report(over, _same(over, before[wrong]), now, before[wrong].copy)
        for wrong, fields in found.items():
            if wrong in this_time:
                self.changed = True
                if self.problems.heard(wrong, every, now, fields.copy):
                    self.report(kind, _same(kind, fields), now, fields.copy)


def _same(kind: Kind, fields: Fields) -> Same:
    return {name: fields[name] for name in kind.limited_by or ()}


def _count(table: dict[str, int], key: str) -> None:
    table[key] = table.get(key, 0) + 1
