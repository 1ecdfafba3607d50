"""A simulated host, and the processes on it: what an engine finds where it runs (`engine.environment.Host`)."""

from collections.abc import Callable, Collection, Iterator, Sequence
from ipaddress import IPv6Interface, ip_interface
from typing import Final

from failover.linux.interfaces.table import Interface
from failover.linux.netlink.rtnetlink import SCOPE_GLOBAL, AddressAdded, AssignedAddress, LinkChanged
from failover.linux.nftables.link_filter import FilteredLink
from failover.linux.sockets.looking.lookout import Sighting
from failover.vrrp import Address, Family, VirtualAddress
from tests.simulation.kernel import Kernel, SimulatedInterfaces, SimulatedNetlink
from tests.simulation.lan import Lan, Nic
from tests.simulation.loop import SimulatedLoop
from tests.simulation.sockets import SimulatedAdvertisementSocket, SimulatedAnnouncementSocket
from tests.simulation.world import World

_MTU: Final = 1500
_SCOPE_LINK: Final = 253
_LINK_LOCAL: Final = 0xFE80 << 112
_FIRST_INDEX: Final = 2
"""Of an interface; 1 is the loopback's."""


class SimulatedHost:
    """A host: a kernel, network cards, and processes."""

    def __init__(self, world: World, name: str) -> None:
        self.world = world
        self.name = name
        self.kernel = Kernel()
        self.is_alive = True
        self._nics: dict[int, tuple[Lan, Nic]] = {}
        """By the index of the interface."""
        self._processes: list[Process] = []

    def connect(self, lan: Lan, interface: str, *addresses: str) -> None:
        """A new interface on a LAN, with these addresses and a link-local one."""
        index = _FIRST_INDEX + len(self._nics)
        nic = lan.plug(self.name, lambda: self.kernel.get(interface).running)
        self._nics[index] = lan, nic
        mac = bytes((2, 0, 0, 0, nic.number, index))
        nic.answers = lambda address: mac if self._has(interface, address) else None
        self.kernel.change(LinkChanged(index, interface, mac, up=True, running=True, mtu=_MTU, master=None))
        for text in addresses:
            self.kernel.change(AddressAdded(index, AssignedAddress(ip_interface(text), 0, SCOPE_GLOBAL, 0)))
        link_local = IPv6Interface((_LINK_LOCAL | int.from_bytes(mac[1:]), 64))
        self.kernel.change(AddressAdded(index, AssignedAddress(link_local, 0, _SCOPE_LINK, 0)))

    def holds(self, address: VirtualAddress, interface: str = "eth0") -> bool:
        """Whether it is there to be used: on the interface, and the host alive."""
        return self.is_alive and address in self.kernel.addresses(interface)

    def _has(self, interface: str, address: Address) -> bool:
        return self.is_alive and any(one.ip == address for one in self.kernel.addresses(interface))

    def nic(self, index: int) -> Nic:
        """The card of an interface."""
        return self._nics[index][1]

    def process(self) -> "Process":
        """One more."""
        process = Process(self)
        self._processes.append(process)
        return process

    def kill(self) -> None:
        """Nothing of it runs, sends or receives any more; what it has sent is still under way."""
        self.is_alive = False
        for process in self._processes:
            process.kill()
        for lan, nic in self._nics.values():
            lan.unplug(nic)


class Process:
    """A process: its loop, and what it opens (`engine.environment.Host`)."""

    def __init__(self, host: SimulatedHost) -> None:
        self._host = host
        self.loop = SimulatedLoop(host.world)
        self._ends: list[Callable[[], None]] = []
        """What the kernel does about what is open, when the process is killed."""
        host.world.admit(self.loop)

    def netlink(self) -> SimulatedNetlink:
        """To change addresses."""
        return SimulatedNetlink(self._host.kernel)

    def interfaces(self) -> SimulatedInterfaces:
        """To follow interfaces and addresses."""
        opened = SimulatedInterfaces(self._host.kernel, self.loop)
        self._ends.append(lambda: self._host.kernel.leave(opened))
        return opened

    def advertisement_socket(
        self, interface: str, index: int, family: Family, vrids: frozenset[int], parent: int | None = None
    ) -> SimulatedAdvertisementSocket:
        """For the advertisements of these virtual routers."""
        nic = self._host.nic(index)
        opened = SimulatedAdvertisementSocket(nic, self.loop, index, family, vrids)
        self._ends.append(lambda: nic.leave(opened))
        return opened

    def announcement_socket(self, interface: str, index: int) -> SimulatedAnnouncementSocket:
        """For gratuitous ARP and unsolicited neighbour advertisements."""
        return SimulatedAnnouncementSocket(self._host.nic(index))

    def lookout(self, *_: object) -> "_Lookout":
        """Of addresses that are nobody else's here."""
        return _Lookout()

    def try_to_send(self, *_: object) -> None:
        """Every host lets everything out."""

    def inquiry(
        self, _interface: str, index: int, _family: Family, _source: Address, _mac: bytes, addresses: Sequence[Address]
    ) -> "_Inquiry":
        """What others have of these."""
        return _Inquiry(self._host.nic(index), addresses)

    def members(self, _: Family) -> None:
        """Nobody can know: nothing here ends a membership."""

    def keep_secondaries(self, interface: Interface) -> None:
        """No address goes with another here."""

    def link_filter(self) -> "_LinkFilter":
        """No interface has a virtual MAC address here."""
        return _LinkFilter()

    def make_link(self, *_: object) -> None:
        """As above."""
        raise NotImplementedError

    def remove_link(self, index: int) -> None:
        """As above."""
        raise NotImplementedError

    reset_link = make_link
    remove_link_aside = remove_link

    def address_filter(self) -> "_AddressFilter":
        """Nothing is sent to addresses here."""
        return _AddressFilter()

    def kill(self) -> None:
        """It does nothing more, not even tidy up. What it has put on interfaces stays there."""
        self._host.world.dismiss(self.loop)
        for end in self._ends:
            end()
        self._ends.clear()


class _Lookout:
    """Sees nothing."""

    def sightings(self) -> Iterator[Sighting]:
        """None."""
        return iter(())

    def close(self) -> None:
        """Nothing is open here."""

    close_aside = close


class _AddressFilter:
    """Has nothing to drop."""

    def change(self, added: Collection[tuple[str, Address]], removed: Collection[tuple[str, Address]]) -> None:
        """Done."""

    def close(self) -> None:
        """Nothing is open here."""


class _LinkFilter:
    """Has nothing to guard."""

    def guard(self, links: Collection[FilteredLink]) -> None:
        """Done."""

    def close(self) -> None:
        """Nothing is open here."""


class _Inquiry:
    """Asks at once, and is answered at once."""

    def __init__(self, nic: Nic, addresses: Sequence[Address]) -> None:
        self.asked = tuple(addresses)
        self._claims = [(address, mac) for address in addresses for mac in nic.ask(address)]

    def claims(self) -> Iterator[tuple[Address, bytes]]:
        return iter(self._claims)

    def close(self) -> None:
        """Nothing is open here."""

    close_aside = close
