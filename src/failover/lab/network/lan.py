"""A LAN: a switch (a bridge in a network namespace) and hosts on cables (veth pairs) that can be cut.

The switch's end of a cable has the label of its host as its name. What the hosts run is not known here.
"""

import fcntl
import signal
import socket
import struct
from contextlib import ExitStack
from ipaddress import IPv4Interface, IPv6Address, IPv6Interface, ip_interface
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Final, Self

from failover.lab.network.arrival import keep_stamping
from failover.lab.network.capture import BUFFER_BYTES, Capture
from failover.lab.network.namespaces import Namespace
from failover.lab.network.waiting import wait_until

BRIDGE: Final = "br0"
INTERFACE: Final = "eth0"
"""The name of every host's interface."""

_SNOOPING: Final = (
    "mcast_snooping 1 mcast_query_response_interval 10 mcast_startup_query_interval 20",
    "mcast_querier 1",
)
"""Bridge options that switch multicast snooping on, in two steps; times in centiseconds.

The switch asks at once which hosts are members, and acts on the answers a moment later. The second step must be later,
because the kernel reads the times when it becomes the querier.
"""
_SIOCGIFFLAGS: Final = 0x8913
_IFF_RUNNING: Final = 0x40


class Host(Namespace):
    """A machine with one interface on the LAN.

    Its MAC address and link-local address have its number in them: a host that is made later has greater ones.
    """

    def __init__(self, label: str, number: int, addresses: tuple[str, ...], directory: Path) -> None:
        super().__init__(label)
        self.directory = directory
        """For files of the programs on this host. Its path is short enough for Unix sockets. Removed with the LAN."""
        self.label = label
        self.interface = INTERFACE
        self.mac = f"02:00:00:00:00:{number:02x}"
        self.link_local = IPv6Address(f"fe80::ff:fe00:{number:x}")
        self.addresses = tuple(ip_interface(address) for address in addresses)

    @property
    def ipv4(self) -> IPv4Interface:
        """The host's first own IPv4 address; `LookupError` where it has none."""
        for address in self.addresses:
            if isinstance(address, IPv4Interface):
                return address
        raise LookupError(f"{self.label} has no IPv4 address")

    def held(self) -> frozenset[IPv4Interface | IPv6Interface]:
        """The addresses that its interfaces have now, with link-local ones, without those of the loopback."""
        lines = [line.split() for line in self.run(["ip", "-o", "addr", "show", "up"]).stdout.splitlines()]
        return frozenset(ip_interface(line[3]) for line in lines if line[1] != "lo")

    def configure(self) -> None:
        """Bring the interface up with the host's own addresses, and no others."""
        self.ip(
            f"link set dev {INTERFACE} down",
            f"addr flush dev {INTERFACE}",
            f"link set dev {INTERFACE} up",
            *(f"addr add {a} dev {INTERFACE}{' nodad' * (a.version == 6)}" for a in self.addresses),
        )


class Lan:
    """A switch and its hosts. A context manager that removes everything at the end, however it ends."""

    def __init__(self, *, multicast_snooping: bool = False, flood_unknown: bool = False) -> None:
        """`multicast_snooping`: the switch is an MLD querier, and delivers IPv6 multicast only to members of the group.

        `flood_unknown`: frames to a MAC address that the switch does not know go to all ports. If off, a host whose
        cable was cut and restored receives nothing until it has sent a frame, as on large networks.
        """
        self._snooping = multicast_snooping
        self._flood = "on" if flood_unknown else "off"
        self._stack = ExitStack()
        self.hosts: list[Host] = []
        self.switch = Namespace("switch")

    def __enter__(self) -> Self:
        try:
            self._directory = Path(self._stack.enter_context(TemporaryDirectory(prefix="fo-")))
            self._stack.callback(self.switch.close)
            self.switch.open()
            self._stack.enter_context(keep_stamping(self.switch))
            if not self._snooping and Path("/proc/sys/net/ipv6").exists():
                self.switch.sysctl("ipv6/conf/default/disable_ipv6", "1")
            steps = _SNOOPING if self._snooping else ("mcast_snooping 0",)
            self.switch.ip(
                f"link add name {BRIDGE} type bridge stp_state 0 forward_delay 0",
                *(f"link set dev {BRIDGE} type bridge {step}" for step in steps),
                f"link set dev {BRIDGE} up",
            )
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Remove everything, with Ctrl-C and the like blocked meanwhile. A second call does nothing."""
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
        try:
            self._stack.close()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def host(self, label: str, *addresses: str) -> Host:
        """A new host with these addresses (with prefix lengths), up and reachable. A label has at most 15 letters."""
        directory = self._directory / label
        directory.mkdir()
        host = Host(label, len(self.hosts) + 1, addresses, directory)
        self.hosts.append(host)
        self._stack.callback(host.close)
        host.open()
        self.switch.ip(
            f"link add name {label} type veth peer name {INTERFACE} address {host.mac} netns {host.name}",
            f"link set dev {label} master {BRIDGE} up",
            f"link set dev {label} type bridge_slave flood {self._flood}",
        )
        host.configure()
        self.wait_for_carrier(host)
        return host

    def capture(self, *without: Host, only: Host | None = None, buffer_bytes: int = BUFFER_BYTES) -> Capture:
        """Capture what all hosts but `without` send from now on, or `only` one. Closed with the LAN at the latest."""
        ignored = [BRIDGE, *(host.label for host in without)]
        label = only.label if only else None
        return self._stack.enter_context(Capture(self.switch, ignored, buffer_bytes, only=label))

    def cut(self, host: Host) -> None:
        """Pull the cable: both ends lose their carrier."""
        self.switch.ip(f"link set dev {host.label} down")

    def restore(self, host: Host) -> None:
        """Plug the cable in again, and wait until frames pass."""
        self.switch.ip(f"link set dev {host.label} up")
        self.wait_for_carrier(host)

    def reboot(self, host: Host) -> None:
        """Leave the host as after a power cycle: no process, no address but its own, no interface but its own.

        The cable and the files stay as they are.
        """
        host.kill()
        found = host.run(["ip", "-br", "link", "show", "type", "macvlan"]).stdout.splitlines()
        for line in found:
            host.ip(f"link del dev {line.split('@')[0].split()[0]}")
        host.configure()

    def block(self, host: Host) -> None:
        """Drop every frame from and to the host, while its carrier stays. A capture still sees what it sends."""
        self.switch.run(["bridge", "link", "set", "dev", host.label, "state", "disabled"])

    def unblock(self, host: Host) -> None:
        """Let frames from and to the host pass again after `block`."""
        self.switch.run(["bridge", "link", "set", "dev", host.label, "state", "forwarding"])

    def wait_for_carrier(self, host: Host) -> None:
        """Wait until both ends of the cable are operational: the kernel reports carriers up to a second late."""
        ends = (self.switch, host.label), (host, INTERFACE)
        wait_until(lambda: all(_is_running(*end) for end in ends), f"carrier on the cable of {host.label}")


def _is_running(namespace: Namespace, interface: str) -> bool:
    with namespace.enter(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        answer = fcntl.ioctl(any_socket, _SIOCGIFFLAGS, struct.pack("16sH14x", interface.encode(), 0))
    flags: int = struct.unpack_from("H", answer, 16)[0]
    return bool(flags & _IFF_RUNNING)
