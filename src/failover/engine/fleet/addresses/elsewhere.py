"""Watches whether another host has a virtual address of a MASTER here as well, whatever it calls itself.

It may run another virtual router with our addresses, as where a VRID is mistyped; or have an address configured, or
left by a daemon that was killed; or be a MASTER that does not hear ours. Little of that is heard in advertisements. So
the link is asked, as by a host that wants to know whether an address is free (RFC 5227, RFC 4861): for each address
once a minute, a few at a time. Who has it when it is asked for twice in a row is told of: in a hand-over the old MASTER
may answer once.
"""

from collections.abc import Collection, Mapping
from functools import partial
from typing import Final, NamedTuple

from failover.engine.environment import EventLoop, Host, Inquiry, Interfaces
from failover.engine.fleet.addresses.search import Search
from failover.engine.fleet.registry import Registry
from failover.engine.port.port import Port
from failover.engine.router.instance import Instance
from failover.engine.transmit.transmitter import Transmitter
from failover.frames import ethernet
from failover.linux.filter.claims import MOST
from failover.vrrp import Address, Family, Instant, seconds

_WAIT: Final = seconds(1)
"""For answers, from when the last interface was asked."""
_MOST_AT_ONCE: Final = 32
"""Inquiries in ten seconds, each on another interface or of another family: each costs some 0.3 ms, and a thread."""

_MOST_HOLDERS: Final = 8
"""Of one address: whoever forges answers may send them from many."""


class _Question(NamedTuple):
    """What was asked, and for whom."""

    inquiry: Inquiry
    asked: Mapping[Instance, tuple[Address, ...]]


class ElsewhereWatch:
    """Asks on all ports of an engine, at its times of housekeeping."""

    def __init__(
        self,
        loop: EventLoop,
        host: Host,
        registry: Registry,
        transmitter: Transmitter,
        interfaces: Interfaces,
    ) -> None:
        """`interfaces` are all that this host has: another one on the same link answers for us as well."""
        self._loop = loop
        self._host = host
        self._registry = registry
        self._transmitter = transmitter
        self._interfaces = interfaces
        self._searches: dict[Instance, Search] = {}
        """Of each MASTER."""
        self._open: list[_Question] = []
        self._end = loop.alarm(lambda _: self._end_all())

    def begin(self) -> None:
        """From now on."""
        self._loop.housekeeping.add(self._ask_all)

    def close(self) -> None:
        """Ask no more."""
        self._loop.housekeeping.remove(self._ask_all)
        self._end.set(None)
        for question in self._open:
            question.inquiry.close()
        self._open.clear()
        self._searches.clear()

    def _ask_all(self, at: Instant) -> None:
        """Ask for what is due: on each interface by itself, when there is nothing else to do."""
        due = self._due(at)
        most_urgent_first = sorted(due, key=lambda place: min(search.urgency for search in due[place].values()))
        for port, family in most_urgent_first[:_MOST_AT_ONCE]:
            self._transmitter.tell(partial(self._ask, port, family, due[port, family], at))

    def _due(self, at: Instant) -> dict[tuple[Port, Family], dict[Instance, Search]]:
        """The MASTERs with something to ask for, by where they are."""
        before, self._searches = self._searches, {}
        due: dict[tuple[Port, Family], dict[Instance, Search]] = {}
        for port in self._registry.ports.values():
            for instance in self._registry.on(port):
                if not instance.is_master:
                    continue
                search = self._searches[instance] = before.pop(instance) if instance in before else Search()
                if search.is_due(at):
                    due.setdefault((port, instance.family), {})[instance] = search
        for instance in before:
            instance.reporter.is_no_master()  # who is no MASTER any more has nothing that another one may not have
        return due

    def _ask(self, port: Port, family: Family, due: Mapping[Instance, Search], at: Instant) -> None:
        known = port.readiness.get(family)
        if self._registry.ports.get(port.name) is not port or known is None or known.source is None:
            return
        if len(known.mac) != ethernet.MAC_LENGTH:  # no Ethernet: there is no such question
            return
        asked: dict[Instance, tuple[Address, ...]] = {}
        room = MOST
        for instance in sorted(due, key=lambda one: due[one].urgency):
            if room and instance.is_master:
                addresses = [address.ip for address in instance.router.held_addresses]
                asked[instance] = due[instance].portion(addresses, room, at)
                room -= len(asked[instance])
        addresses = [address for portion in asked.values() for address in portion]
        if not addresses:
            return
        try:
            inquiry = self._host.inquiry(*port.lan, family, known.source, known.mac, addresses)
        except (OSError, LookupError):  # the interface has gone, has no ARP, or there is no room: the next time
            return
        self._open.append(_Question(inquiry, asked))
        self._end.set(Instant(self._loop.clock.now() + _WAIT))

    def _end_all(self) -> None:
        while self._open:
            self._transmitter.tell(partial(self._conclude, self._open.pop()))

    def _conclude(self, question: _Question) -> None:
        """What was answered. Nothing follows from it where the interface has gone."""
        try:
            answers = list(question.inquiry.claims())
        except OSError:
            return
        finally:
            question.inquiry.close_aside()
        now, claims = self._loop.clock.now(), self._of_others(answers)
        for instance, addresses in question.asked.items():
            search = self._searches.get(instance)
            if search is None or not instance.is_master:
                continue
            asked = [address for address in addresses if address in question.inquiry.asked]
            search.answered(asked, claims)
            answered = frozenset[str]().union(*(claims.get(address, ()) for address in asked))
            instance.reporter.held_elsewhere(instance.interface, search.holders(), answered, now)

    def _of_others(self, answers: Collection[tuple[Address, bytes]]) -> dict[Address, frozenset[str]]:
        """Who says that he has which, by MAC address, without this host."""
        ours = frozenset(interface.mac for interface in self._interfaces) if answers else frozenset()
        claims: dict[Address, frozenset[str]] = {}
        for address, mac in answers:
            known = claims.get(address, frozenset())
            if mac not in ours and len(known) < _MOST_HOLDERS:
                claims[address] = known | {mac.hex(":")}
        return claims
