"""What the engine needs of the world outside it, as Protocols: a loop, and a host with its network.

The real ones are `engine.loop.Loop` and `linux.host.LinuxHost`. A test, or a simulation, hands in others, and runs a
whole engine in a time and on a network of its own. Nothing here does anything.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Protocol

from failover.engine.loop.alarms import Alarm
from failover.engine.loop.housekeeping import Housekeeping
from failover.engine.loop.lateness import Lateness
from failover.linux.clock import Clock
from failover.linux.filter.program import Terms
from failover.linux.interfaces.table import Interface
from failover.linux.netlink.addresses import Batch, Datagram, Failure
from failover.linux.netlink.codec import Refused
from failover.linux.nftables.link_filter import FilteredLink
from failover.linux.packet import Received
from failover.linux.sockets.looking.lookout import Sighting, Sought
from failover.linux.sockets.outbox import Burst
from failover.vrrp import Address, Family, Instant


class EventLoop(Protocol):
    """What calls back: when an alarm is due, and when something has arrived. `loop.Loop` says the rest."""

    clock: Clock
    lateness: Lateness
    housekeeping: Housekeeping
    after_round: Callable[[bool], bool]

    def alarm(
        self,
        callback: Callable[[Instant], None],
        *,
        goes_first: bool = False,
        is_met: bool = False,
        put_off: Callable[[], Instant] | None = None,
    ) -> Alarm:
        """A new alarm, not set."""

    def watch(self, descriptor: int, callback: Callable[[], None]) -> None:
        """Call back while the descriptor is readable."""

    def listen(self, wakeup: int, mail: int, acknowledge: Callable[[], int], read: Callable[[], None]) -> None:
        """Read the packets that wait in `mail` where `wakeup` has become readable."""

    def expect(self, wakeup: int, silent: float) -> None:
        """So many packets a second may come without a wake-up."""

    def forget(self, descriptor: int) -> None:
        """Stop watching, before the descriptor is closed."""


class Netlink(Protocol):
    """What carries out requests: `linux.netlink.connection.Netlink`."""

    def reserve(self, count: int) -> int:
        """The first of so many sequence numbers that no other batch has."""

    def carry_out(self, datagrams: Sequence[Datagram]) -> list[list[Refused]]:
        """Carry out all requests of these; the refusals of each."""

    def apply(self, batch: Batch) -> tuple[Failure, ...]:
        """Carry out a batch; what failed."""

    def prewarm(self) -> None:
        """Go the way of `carry_out` with nothing to be done."""

    def close(self) -> None:
        """Carry out nothing more."""


class Interfaces(Protocol):
    """What knows the host's interfaces and addresses: `linux.interfaces.monitor.Interfaces`."""

    @property
    def is_outdated(self) -> bool:
        """Whether more than the next notification is known to be missing."""

    def fileno(self) -> int:
        """Readable when there is something new to `read`."""

    def get(self, name: str) -> Interface | None:
        """The interface that bears this name now: the same object as before where it has not changed."""

    def __iter__(self) -> Iterator[Interface]:
        """All interfaces."""

    def meant(self, name: str) -> str | None:
        """What a name stands for that no interface has, in words; None where nothing comes to mind."""

    def read(self) -> bool:
        """Take in some of what is new; whether there may be more. `OSError` where it cannot."""

    def overlook_addresses(self) -> None:
        """Follow no addresses until `catch_up`."""

    def catch_up(self) -> None:
        """Follow addresses again."""

    def close(self) -> None:
        """Follow nothing more."""


class Wakeup(Protocol):
    """What becomes readable when packets should be read at once: `linux.sockets.wakeup.WakeupSocket`."""

    def fileno(self) -> int:
        """The descriptor, for the loop."""

    def acknowledge(self) -> int:
        """Be readable no more, until another packet comes; how many have come, as far as it can tell."""


class AdvertisementSocket(Protocol):
    """What sends and receives the advertisements of one family on one interface: `linux.sockets.advertisement`."""

    family: Family

    @property
    def wakeup(self) -> Wakeup:
        """What tells of packets that should be read at once."""

    def fileno(self) -> int:
        """The descriptor of what has arrived."""

    def receive(self, limit: int, arrived: list[int]) -> list[bytes]:
        """The packets that wait; `arrived` gets when each came, in nanoseconds of the wall clock."""

    def unpack(self, packet: bytes) -> Received | None:
        """What a packet contains and what its header said; None where it is malformed."""

    def overflowed(self) -> bool:
        """Whether packets were lost for lack of room since this was asked last."""

    def accept(self, terms: Terms) -> None:
        """Let pass what is as these say, and refuse the rest. `OSError` where there is no room for that."""

    def overlook(self, known: frozenset[int], share: int = 0) -> None:
        """Wake nobody for what has one of these fingerprints, but for a share. `OSError` where there is no room."""

    @property
    def is_current(self) -> bool | None:
        """Whether what it joined on the interface is there still; None where nobody can know."""

    def send(self, burst: Burst) -> dict[int, OSError]:
        """Send datagrams; the errors, by the member's place."""

    def prewarm(self, burst: Burst) -> None:
        """Go the way of `send`, and send nothing."""

    def close(self) -> None:
        """Send and receive nothing more."""


class AnnouncementSocket(Protocol):
    """What sends whole frames on one interface: `linux.sockets.announcement`."""

    @property
    def is_current(self) -> bool:
        """Whether the interface is there still, and not another one with its index."""

    def send(self, frames: Burst, first: int = 0) -> int:
        """Send some frames from `first` on; how many, 0 where there is no room. `OSError` where they are refused."""

    def send_all(self, frames: Burst) -> dict[int, OSError]:
        """Send all frames; the errors, by the place of the burst's member."""

    def close(self) -> None:
        """Send nothing more."""


class Lookout(Protocol):
    """What sees advertisements before the kernel may drop them: `linux.sockets.looking.lookout`."""

    def sightings(self) -> Iterator[Sighting]:
        """What was seen so far. `OSError` where the interface has gone."""

    def close(self) -> None:
        """Look no more."""

    def close_aside(self) -> None:
        """Look no more, and do not wait until nobody does."""


class Inquiry(Protocol):
    """What has asked who has some addresses, and waits for answers: `linux.sockets.looking.inquiry`."""

    asked: tuple[Address, ...]
    """Those that were asked for: there may have been no room for all."""

    def claims(self) -> Iterator[tuple[Address, bytes]]:
        """Who has said so far that he has which: his MAC address. `OSError` where the interface has gone."""

    def close(self) -> None:
        """Wait no more."""

    def close_aside(self) -> None:
        """Wait no more, and do not wait until nobody does."""


class AddressFilter(Protocol):
    """What drops packets to addresses of the host: `linux.nftables.address_filter`."""

    def change(self, added: Collection[tuple[str, Address]], removed: Collection[tuple[str, Address]]) -> None:
        """Drop what is sent to some more, each on an interface by its name, and no longer what is sent to others.

        `OSError`: all is as it was.
        """

    def close(self) -> None:
        """Drop nothing more."""


class LinkFilter(Protocol):
    """What keeps interfaces with virtual MAC addresses silent: `linux.nftables.link_filter`."""

    def guard(self, links: Collection[FilteredLink]) -> None:
        """Guard these, and no others. `OSError`: all is as it was."""

    def close(self) -> None:
        """Guard nothing more."""


class Host(Protocol):
    """Where an engine runs: what it opens there. Each may raise `OSError`: it cannot be had."""

    def netlink(self) -> Netlink:
        """To change addresses."""

    def interfaces(self) -> Interfaces:
        """To follow interfaces and addresses."""

    def advertisement_socket(
        self, interface: str, index: int, family: Family, vrids: frozenset[int], parent: int | None = None
    ) -> AdvertisementSocket:
        """For the advertisements of these virtual routers; `parent` is the interface that this one is on."""

    def announcement_socket(self, interface: str, index: int) -> AnnouncementSocket:
        """For gratuitous ARP and unsolicited neighbour advertisements."""

    def lookout(self, interface: str, index: int, family: Family, sought: Sought) -> Lookout:
        """For the advertisements that are sought."""

    def try_to_send(self, interface: str, index: int, family: Family, source: Address) -> OSError | None:
        """Why nothing can be sent there from `source`; None where it can. Nobody gets what it is tried with."""

    def inquiry(
        self, interface: str, index: int, family: Family, source: Address, mac: bytes, addresses: Sequence[Address]
    ) -> Inquiry:
        """Ask, as `source` and from `mac` (6 bytes), who else has these addresses, or the first of them."""

    def members(self, family: Family) -> frozenset[int] | None:
        """The indices of the interfaces that receive what is sent to the VRRP group; None where nobody can know."""

    def keep_secondaries(self, interface: Interface) -> None:
        """See to it that the host's own addresses outlive a virtual one of their subnet."""

    def address_filter(self) -> AddressFilter:
        """To accept nothing that is sent to some addresses."""

    def link_filter(self) -> LinkFilter:
        """For interfaces with virtual MAC addresses."""

    def make_link(self, name: str, parent: int, mac: bytes, alias: str) -> None:
        """Make an interface with a MAC address of its own on another one, and switch it on."""

    def reset_link(self, name: str, index: int, group: int) -> None:
        """Have an interface that is there be as `make_link` makes it, and in this group."""

    def remove_link(self, index: int) -> None:
        """Remove an interface."""

    def remove_link_aside(self, index: int) -> None:
        """Remove an interface, and do not wait until it is gone."""
