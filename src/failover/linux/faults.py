"""All faults that keep a virtual router from running on an interface: a word for programs and a sentence for people.

This file only words them. `interfaces.readiness` and the engine find out whether there is one.
"""

from enum import StrEnum

from failover.vrrp.machine.states import Fault
from failover.vrrp.protocol import Address


class FaultReason(StrEnum):
    """The values of `Fault.reason`. Programs read them in the status and the log, so they do not change."""

    INTERFACE_MISSING = "interface_missing"
    LOOPBACK = "loopback"
    NOT_ETHERNET = "not_ethernet"
    PORT = "port"
    INTERFACE_DOWN = "interface_down"
    NO_CARRIER = "no_carrier"
    NO_SOURCE_ADDRESS = "no_source_address"
    NO_PEERS = "no_peers"
    SOCKET_REFUSED = "socket_refused"
    MTU_TOO_SMALL = "mtu_too_small"
    CANNOT_SEND = "cannot_send"
    INTERFACE_REMADE = "interface_remade"
    TRACKER_FAILED = "tracker_failed"


def interface_missing(name: str, meant: str | None = None) -> Fault:
    """No interface has this name; `meant` says what it probably stands for (`interfaces.naming`)."""
    return Fault(FaultReason.INTERFACE_MISSING, f"interface {name} does not exist{f'; {meant}' if meant else ''}")


def loopback(name: str) -> Fault:
    """The interface is the loopback: every host would be MASTER on its own."""
    return Fault(FaultReason.LOOPBACK, f"{name} is the loopback, which no other host can reach")


def not_ethernet(name: str) -> Fault:
    """The interface has no MAC address of 6 bytes to announce."""
    return Fault(FaultReason.NOT_ETHERNET, f"{name} is not an Ethernet interface: it has no MAC address of 6 bytes")


def swallowed(name: str, swallowed_by: str) -> Fault:
    """The interface is a port of a bridge, bond or team (`swallowed_by`), which takes all packets for itself."""
    detail = f"{name} is a port of a {swallowed_by}, which receives its packets: run on the {swallowed_by}"
    return Fault(FaultReason.PORT, detail)


def swallowed_by_open_vswitch(name: str) -> Fault:
    """The interface is a port of a switch of Open vSwitch, whose internal ports are interfaces of the host."""
    detail = f"{name} is a port of Open vSwitch, which receives its packets: run on an internal port of the switch"
    return Fault(FaultReason.PORT, detail)


def swallowed_by_another(name: str) -> Fault:
    """The interface is one of a pair that another one hides, such as a virtual function beside netvsc or virtio."""
    detail = f"{name} belongs to another interface, which receives its packets: run on that one"
    return Fault(FaultReason.PORT, detail)


def interface_down(name: str) -> Fault:
    """An administrator has set the interface down."""
    return Fault(FaultReason.INTERFACE_DOWN, f"{name} is administratively down")


def no_carrier(name: str) -> Fault:
    """The interface is up but has no link: no cable, or the peer is off."""
    return Fault(FaultReason.NO_CARRIER, f"{name} has no carrier")


def no_ipv4_source(name: str, virtual: Address | None) -> Fault:
    """No IPv4 address to send from. `virtual` would do, if it were not configured as a virtual address."""
    taken = "" if virtual is None else f": {virtual} is configured as a virtual address"
    return _no_source(f"{name} has no IPv4 address of its own to send from{taken}")


def no_ipv6_source(name: str) -> Fault:
    """No IPv6 link-local address to send from."""
    return _no_source(f"{name} has no IPv6 link-local address to send from")


def duplicate_source(name: str, address: Address) -> Fault:
    """Duplicate address detection has found another host with the only link-local address."""
    return _no_source(f"{address} on {name} belongs to another host (duplicate address detected)")


def tentative_source(name: str, address: Address) -> Fault:
    """Duplicate address detection has not ended yet for the only link-local address."""
    return _no_source(f"{address} on {name} is still being checked for duplicates")


def not_its_source(name: str, source: Address) -> Fault:
    """The `source_address` of a virtual router is no address of the interface, or another virtual one."""
    return _no_source(f"{name} does not have the source_address {source}")


def no_source_for_peers(name: str) -> Fault:
    """IPv6 peers that are not link-local cannot answer to an address that is, and there is no other."""
    return _no_source(f"{name} has only link-local IPv6 addresses, but its unicast_peers are not link-local")


def no_peers(name: str) -> Fault:
    """All unicast peers of a virtual router are this host itself."""
    return Fault(FaultReason.NO_PEERS, f"unicast_peers lists this host's own address on {name}, and no other host")


def socket_refused(name: str, why: str) -> Fault:
    """The interface is there, but a socket cannot be opened on it."""
    return Fault(FaultReason.SOCKET_REFUSED, f"{name} cannot be used: {why}")


def interface_remade(name: str) -> Fault:
    """Another interface has this name and index now, or the family's part of it is another: listen anew. Momentary."""
    return Fault(FaultReason.INTERFACE_REMADE, f"{name} was re-created under the same name")


def mtu_too_small(name: str, needed: int, mtu: int) -> Fault:
    """An advertisement of `needed` bytes exceeds the MTU: the router would be a MASTER that nobody hears."""
    return Fault(FaultReason.MTU_TOO_SMALL, f"an advertisement has {needed} bytes, the MTU of {name} is {mtu}")


def cannot_send(name: str, why: str) -> Fault:
    """No advertisement could be sent for so long that another router has taken over."""
    return Fault(FaultReason.CANNOT_SEND, f"advertisements cannot be sent on {name}: {why}")


def tracker_failed(tracker: str, why: str) -> Fault:
    """What the virtual router depends on has failed. The interface may be well, so others can be told."""
    return Fault(FaultReason.TRACKER_FAILED, f"tracker {tracker} has failed: {why}", can_advertise=True)


def _no_source(detail: str) -> Fault:
    return Fault(FaultReason.NO_SOURCE_ADDRESS, detail)
