"""The advertisements of one family on one interface: what arrives, who it is for, and what it costs to know.

What only repeats a MASTER's last packet is noted (`known_adverts`), and not taken apart. All else is heard by the
virtual router that it concerns; what that makes of it decides whether the kernel refuses more of the kind (`policer`)
and whether it still wakes us for it (`wakeup_suppression`). How much of it comes decides whether the kernel passes all
of it (`sampler`).
"""

from collections.abc import Mapping
from dataclasses import replace
from operator import itemgetter
from typing import Final, Protocol

from failover.engine.environment import AdvertisementSocket, EventLoop
from failover.engine.flood.policer import Narrowing, Policer, Verdict
from failover.engine.flood.sampler import SAMPLE, Sampler
from failover.engine.port.arrivals import Arrivals
from failover.engine.port.known_adverts import KnownAdverts
from failover.engine.port.wakeup_suppression import WakeupSuppression
from failover.linux.filter.program import Terms
from failover.linux.filter.reach import reach_of
from failover.linux.filter.sample import stream_of
from failover.linux.filter.soundness import Form
from failover.linux.packet import Received
from failover.vrrp import Cutoff, Instant, Version, VirtualRouter, seconds
from failover.vrrp.packet.advertisement import VRID_AT

_PACKETS_AT_ONCE: Final = 4096
"""More than a socket has room for: no alarm rings before all that has arrived is heard."""
_MOST_OVERTAKEN: Final = 64
"""Packets told apart while the kernel refuses their kind."""
_WHEN: Final = itemgetter(1)
_QUIET: Final = seconds(0.002)
"""How often packets are read that wake nobody: of 50,000 a second the socket has room for many more than come in it."""
_IN_QUIET: Final = 50_000
"""Packets a second that may come then."""
CROWD: Final = 256
"""So many at once, and there may have been more than it had room for: worth asking."""


class Listener(Protocol):
    """A virtual router that packets are for, as far as a receiver knows it."""

    @property
    def router(self) -> VirtualRouter:
        """Its parameters."""

    @property
    def cutoff(self) -> Cutoff | None:
        """What an advertisement must at least be to have a say as things are; None: anything may."""

    def hear(self, packet: Received, now: Instant, raw: bytes, known_adverts: KnownAdverts) -> Verdict:
        """A packet with its VRID, `raw` as it came; `known_adverts` may note it the next time."""


class Receiver:
    """Reads one socket, from its making to `close`."""

    def __init__(self, opened: AdvertisementSocket, listeners: Mapping[int, Listener], loop: EventLoop) -> None:
        """`listeners`, by VRID, may come and go; `renew` says that they have. It owns the socket, also on `OSError`."""
        self.socket = opened
        self._listeners = listeners
        self._loop = loop
        self._overtaken: set[bytes] = set()
        """Packets of a kind that the kernel refuses by now: copies that came before it did may still wait, and not each
        that is no advertisement is one that a filter can tell."""
        self._arrivals = Arrivals(loop.clock)
        self._known_adverts = KnownAdverts(loop)
        self._policer = Policer(loop, self._narrow)
        self._sampler = Sampler(loop, opened.family, self._sample, self.read)
        self._suppression = WakeupSuppression(loop, opened, self._known_adverts)
        self._quiet = loop.alarm(self._in_quiet)
        self._is_quiet = False
        try:
            loop.listen(opened.wakeup.fileno(), opened.fileno(), opened.wakeup.acknowledge, self.read)
        except BaseException:
            self._let_go()
            raise

    def renew(self) -> None:
        """Other routers listen, or they understand other versions. `OSError` where there is no room for the filter."""
        self._policer.renew()

    def reopen(self, vrid: int, at: Instant) -> None:
        """A router has changed: what lost against it may win from now on, and what repeated itself may matter."""
        self._overtaken.clear()
        self._policer.reopen(vrid, at)
        self._sampler.forget()
        self._suppression.end(at)

    def close(self) -> None:
        """Hear nothing more."""
        self._loop.forget(self.socket.wakeup.fileno())
        self._let_go()

    def _let_go(self) -> None:
        self._quiet.retire()
        self._policer.close()
        self._sampler.close()
        self._suppression.close()
        self._known_adverts.close()
        self.socket.close()

    def read(self) -> None:
        """Take in all that has arrived."""
        at, wall = self._loop.clock.now(), self._loop.clock.wall()
        known, arrived = self._known_adverts, list[int]()
        packets = self.socket.receive(_PACKETS_AT_ONCE, arrived)
        heard_at = self._arrivals.on_our_clock(arrived, at, wall)
        if not self._sampler.thins and known.note(packets, heard_at):
            heeded = packets
        else:
            heeded, heard_at = self._hear_each(packets, heard_at)
        if heeded:
            self._sampler.heeded(heeded, heard_at)
        if len(packets) >= CROWD and self.socket.overflowed():
            known.presume(at)
            self._suppression.end(at)

    def _hear_each(self, packets: list[bytes], heard_at: list[Instant]) -> tuple[list[bytes], list[Instant]]:
        """What was heeded of these, and when it came."""
        arrived = list(zip(packets, heard_at, strict=True))
        heard, heeded = self._sampler.thinned(arrived) if self._sampler.thins else (arrived, [])
        for packet, moment in heard:
            if self._known_adverts.note((packet,), (moment,)) or self._hear(packet, moment):
                heeded.append((packet, moment))
        heeded.sort(key=_WHEN)
        return [packet for packet, _ in heeded], [moment for _, moment in heeded]

    def _hear(self, packet: bytes, at: Instant) -> bool:
        """Take it apart for the router that it concerns; whether that heeds it."""
        if packet in self._overtaken:
            if self._policer.refuses_unsound:
                self._policer.refused(at)
            return False
        received = self.socket.unpack(packet)
        vrid = received.payload[VRID_AT] if received else 0
        listener = self._listeners.get(vrid)
        verdict = listener.hear(received, at, packet, self._known_adverts) if received and listener else None
        if verdict is None or verdict is Verdict.REFUSED:
            self._policer.refused(at)
            if self._policer.refuses_unsound:
                self._overtake(packet)
        elif verdict is Verdict.IMPOSSIBLE:
            self._policer.impossible(stream_of(self.socket.family, packet), at)
        elif verdict is Verdict.LOSING:
            self._policer.lost(vrid, at)
            if self._policer.refuses_losing(vrid):
                self._overtake(packet)
        elif packet in self._known_adverts:
            self._suppression.prepare(at)
        return verdict is Verdict.HEEDED

    def _overtake(self, packet: bytes) -> None:
        if len(self._overtaken) < _MOST_OVERTAKEN:
            self._overtaken.add(packet)

    def _narrow(self, narrowing: Narrowing) -> None:
        """Set the kernel's filter: who listens here, and what of a flood it refuses by itself."""
        self._overtaken.clear()
        routers = [listener.router for listener in self._listeners.values()]
        versions = {router.version for router in routers}
        if any(router.with_version_2 for router in routers):
            versions.add(Version.V2)
        cutoffs = {
            vrid: cutoff
            for vrid in narrowing.losing & self._listeners.keys()
            if (cutoff := self._listeners[vrid].cutoff) is not None
        }
        sound = frozenset(versions) if narrowing.unsound else frozenset()
        sampled = {**self._sampler.shares, **dict.fromkeys(narrowing.impossible, 0)}
        form = Form(
            without_addresses=not all(router.addresses for router in routers),
            authentication_types=frozenset(int(router.authentication_type) for router in routers),
            with_trailer=any(router.keyed for router in routers),
        )
        vrids, wakes = frozenset(self._listeners), not narrowing.quiet
        terms = Terms(vrids, sound, cutoffs, sampled=sampled, form=form, wakes=wakes)
        self.socket.accept(replace(terms, reach=reach_of(routers)))
        now = self._loop.clock.now()
        self._suppression.lapsed(now)
        self._is_quiet = narrowing.quiet
        if narrowing.quiet:
            self._quiet.set(Instant(now + _QUIET))
            self._expect()

    def _in_quiet(self, now: Instant) -> None:
        """What waits has just been read, as packets always are before alarms ring; once more after the end of it."""
        if self._is_quiet:
            self._quiet.set(Instant(now + _QUIET))
        else:
            self._expect()

    def _expect(self) -> None:
        """Say how many packets a second wake nobody."""
        quiet = _IN_QUIET if self._is_quiet else 0
        self._suppression.expect_besides(quiet or (SAMPLE if self._sampler.shares else 0))

    def _sample(self) -> None:
        """Set the kernel's filter: of which streams it passes a sample, which wakes nobody. `OSError` as `renew`."""
        self._policer.renew()
        self._expect()
