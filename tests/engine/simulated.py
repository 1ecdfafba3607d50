"""A loop, an interface and a netlink socket that exist in memory alone, for parts of the engine in a time of their own.

What they were asked for is told to `note`, as it happens; nothing is kept here.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final, cast

from failover.engine.events import EventSink, Publish
from failover.engine.intended import Intended
from failover.engine.loop.alarms import Alarm, AlarmQueue
from failover.engine.loop.lateness import Lateness
from failover.engine.loop.loop import Loop
from failover.engine.port.outgoing import Outgoing
from failover.engine.port.port import Port
from failover.engine.router.instance import Instance
from failover.engine.transmit.beat import Beat
from failover.engine.transmit.transmitter import Transmitter
from failover.linux.clock import Clock
from failover.linux.interfaces.ownership import Own
from failover.linux.interfaces.table import Interface
from failover.linux.netlink.addresses import Datagram
from failover.linux.netlink.codec import Refused
from failover.linux.netlink.connection import Netlink
from failover.linux.netlink.rtnetlink import AddressAdded, AddressRemoved, parse
from failover.linux.sockets.outbox import AT_ONCE, Burst, Packets
from failover.messages import Event
from failover.vrrp import Family, Instant, VirtualAddress, VirtualRouter
from failover.vrrp.protocol import Network
from tests.vrrp.making import NOW

MAC: Final = bytes.fromhex("020000000001")
INDEX: Final = 7
WALL: Final = 1_800_000_000_000_000_000
"""What the wall clock said when the host started, in nanoseconds."""

Note = Callable[[str, object], None]


def _forget(_what: str, _of: object) -> None:
    pass


class SimulatedLoop:
    """A `Loop` without descriptors: time passes when it is told to."""

    def __init__(self, now: Instant = NOW) -> None:
        self.now = now
        self.clock = Clock(lambda: self.now, lambda: WALL + self.now)
        self.lateness = Lateness(now)
        self.alarms = AlarmQueue(self.lateness.note, self.clock.now)
        self.after_round: Callable[[bool], bool] = lambda _: False
        self.read: Callable[[], None] = lambda: None
        """Of the socket that was last listened to."""
        self.silent = 0.0
        """Packets a second that may come there without a wake-up."""

    def alarm(self, callback: Callable[[Instant], None], **options: Any) -> Alarm:
        return self.alarms.alarm(callback, **options)

    def watch(self, descriptor: int, callback: Callable[[], None]) -> None:
        """Nothing is read here but by the test."""

    def listen(self, _wakeup: int, _mail: int, _acknowledge: Callable[[], int], read: Callable[[], None]) -> None:
        """Nothing is received here but by the test."""
        self.read = read

    def expect(self, _wakeup: int, silent: float) -> None:
        self.silent = silent

    def forget(self, descriptor: int) -> None:
        self.read = lambda: None

    def run(self, until: Instant) -> None:
        """Rounds until then, each alarm in its time."""
        while (alarm := first_of(self.alarms)) and (at := alarm.at) is not None and at <= until:
            self.now = max(self.now, at)
            self.round()
        self.now = until

    def sleep(self, until: Instant) -> None:
        """Be late for everything that was due before."""
        self.now = until
        self.round()

    def round(self) -> None:
        """Do what is due now, and whatever that leads to."""
        busy = True
        while busy:
            more = self.alarms.ring(self.now, self.now)
            busy = self.after_round(more) or more


def first_of(alarms: AlarmQueue) -> Alarm | None:
    """The alarm that rings next, for certain: so long after its time none is left where it is not."""
    upcoming = alarms.upcoming(Instant(1 << 62), 0)
    return upcoming[1] if upcoming else None


class Sockets:
    """A host that has one advertisement socket, and nothing else that would be asked for."""

    def __init__(self, opened: object) -> None:
        self.opened = opened

    def advertisement_socket(self, *_: object) -> object:
        return self.opened

    def announcement_socket(self, *_: object) -> object:
        return None


def an_interface() -> Interface:
    return Interface(INDEX, "eth0", MAC, up=True, running=True, mtu=1500, master=None, addresses=())


def instance_of(
    router: VirtualRouter,
    loop: Loop,
    transmitter: Transmitter,
    beat: Beat,
    publish: Callable[[Event, Instance], None],
    name: str = "VR",
) -> Instance:
    """A router at work, in a phase of its own if it has one."""
    events = EventSink(cast(Publish, publish), loop.clock.wall, transmitter.tell)
    return Instance(Intended(name, "eth0", router), router.beat_phase, loop, transmitter, beat, events)


def members_of(burst: Burst) -> tuple[Packets, ...]:
    """Whose packets a burst has."""
    return (burst,) if isinstance(burst, Packets) else cast("tuple[Packets, ...]", burst._keeping)


class Wire:
    """An interface as a `Port` shows it: takes everything, or refuses it."""

    name = "eth0"

    def __init__(self, note: Note = _forget) -> None:
        self.interface: object = self
        self.ifindex = INDEX
        self.name = "eth0"
        self.mac = MAC
        self.forwards_ipv6 = True
        self.note = note
        self.refuses: Callable[[bytes], bool] = lambda _: False
        """Which datagrams."""
        self.room = 1 << 30
        """Frames that the transmit queue still takes."""
        self.calls = 0
        self._reserved = 0

    own = Own()

    def left_to_others(self, _: object) -> frozenset[VirtualAddress]:
        """Nothing goes over to another router here."""
        return frozenset()

    def networks(self, family: Family) -> tuple[Network, ...]:
        return ()

    def packets(self, outgoing: Sequence[Outgoing]) -> Packets:
        return Packets([one.datagram for one in outgoing])

    def reserve(self, count: int) -> int:
        self._reserved += count
        return self._reserved - count

    def send(self, family: Family, burst: Burst) -> dict[int, OSError]:
        failures: dict[int, OSError] = {}
        for place, member in enumerate(members_of(burst)):
            for datagram in member.contents:
                if self.refuses(datagram):
                    failures[place] = OSError(1, "Operation not permitted")
                else:
                    self.note("advertisement", datagram)
        return failures

    def reopen(self, family: Family, vrid: int, at: Instant) -> None:
        """Nothing is closed here."""

    def prewarm(self, family: Family, packets: Packets, frames: Packets) -> None:
        """Nothing is cold here."""

    def announce(self, frames: Burst, first: int) -> int:
        self.calls += 1
        contents = [frame for member in members_of(frames) for frame in member.contents][first : first + AT_ONCE]
        if any(map(self.refuses, contents)):
            raise OSError(100, "Network is down")
        taken = contents[: self.room]
        self.room -= len(taken)
        for frame in taken:
            self.note("announcement", frame)
        return len(taken)


class Kernel:
    """What `Netlink` carries out, and refuses by sequence number."""

    def __init__(self, note: Note = _forget) -> None:
        self.note = note
        self.refused: dict[int, int] = {}
        self.writes = 0
        self._reserved = 0

    def reserve(self, count: int) -> int:
        self._reserved += count
        return self._reserved - count

    def carry_out(self, datagrams: Sequence[Datagram]) -> list[list[Refused]]:
        self.writes += 1
        for datagram in datagrams:
            for one in parse(datagram.content):
                if isinstance(one, AddressAdded):
                    self.note("install", one.assigned.address)
                elif isinstance(one, AddressRemoved):
                    self.note("withdraw", one.assigned.address)
        return [
            [Refused(n, self.refused[n], "") for n in datagram.sequences if n in self.refused] for datagram in datagrams
        ]

    def prewarm(self) -> None:
        """Nothing is cold here."""


def loop_of(simulated: SimulatedLoop) -> Loop:
    return cast("Loop", simulated)


def as_port(wire: Wire) -> Port:
    return cast("Port", wire)


def netlink_of(kernel: Kernel) -> Netlink:
    return cast("Netlink", kernel)
