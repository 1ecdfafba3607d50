"""The actions that `step()` asks for. Their order is part of the contract: do them as they are listed.

On becoming MASTER: advertise, install the addresses, announce them. On leaving MASTER: withdraw the addresses before
anybody else may answer for them. On shutdown: priority 0 first. `StateChanged` comes last. The set is closed: a new
action is added here and to the code that performs actions.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from failover.vrrp.machine.causes import Cause
from failover.vrrp.machine.states import State
from failover.vrrp.packet.advertisement import Advertisement
from failover.vrrp.protocol import Address, ChecksumForm, Version, VirtualAddress
from failover.vrrp.router import VirtualRouter
from failover.vrrp.units import NANOSECONDS_PER_SECOND, Interval


@dataclass(frozen=True, slots=True)
class SendAdvertisement:
    """Send the messages that `advertisements()` builds from this action."""

    priority: int
    checksum: ChecksumForm


@dataclass(frozen=True, slots=True)
class InstallAddresses:
    """Add the addresses to the interface, in this order. One that is there gets the router's `preferred_lifetime`."""

    addresses: tuple[VirtualAddress, ...]


@dataclass(frozen=True, slots=True)
class WithdrawAddresses:
    """Remove the addresses from the interface."""

    addresses: tuple[VirtualAddress, ...]


@dataclass(frozen=True, slots=True)
class AnnounceAddresses:
    """Send a gratuitous ARP or unsolicited Neighbour Advertisement for each address (RFC 9568 §6.4.1, §6.4.2)."""

    addresses: tuple[VirtualAddress, ...]


@dataclass(frozen=True, slots=True)
class StateChanged:
    """Report the transition: event, log, status."""

    previous: State
    current: State
    cause: Cause


class Oddity(Enum):
    """Something odd about an accepted advertisement: tolerated, but reported. The value is its label in the status."""

    INTERVAL_MISMATCH = "interval_mismatch"
    """Version 3: another interval than ours; the MASTER's is used (RFC 9568 §7.1)."""
    ADDRESS_LIST_MISMATCH = "address_list_mismatch"
    """Another address list than ours (RFC 9568 §7.1)."""
    SEVERAL_OWNERS = "several_owners"
    """Another router claims priority 255 as we do (RFC 9568 §8.3.2)."""
    EQUAL_PRIORITY = "equal_priority"
    """Another router has our priority: addresses decide (RFC 9568 §8.3.2)."""
    RIVAL_MASTER = "rival_master"
    """A router that should be BACKUP advertises while we are MASTER."""
    SOURCE_OFF_SUBNET = "source_off_subnet"
    """IPv4: the sender's address is in no subnet that this host has an address in."""
    SOURCE_NOT_LINK_LOCAL = "source_not_link_local"
    """IPv6: the sender's address is not link-local (RFC 9568 §5.1.2.1)."""


OF_THE_SENDER: Final = frozenset({Oddity.SOURCE_OFF_SUBNET, Oddity.SOURCE_NOT_LINK_LOCAL})
"""How somebody's network is made, and so in each of its advertisements for good: worth telling once."""


@dataclass(frozen=True, slots=True)
class ReportOddity:
    """Log and count an oddity. One comes for each odd advertisement: whoever logs it limits the rate."""

    oddity: Oddity
    advertisement: Advertisement
    source: Address


Action = SendAdvertisement | InstallAddresses | WithdrawAddresses | AnnounceAddresses | StateChanged | ReportOddity


def advertisements(router: VirtualRouter, action: SendAdvertisement) -> tuple[Advertisement, ...]:
    """The messages to send: one, or one of each version while migrating (RFC 9568 §8.4.2), version 3 first."""
    own = Advertisement(
        version=router.version,
        vrid=router.vrid,
        priority=action.priority,
        interval=router.advertisement_interval,
        addresses=router.advertised,
        checksum=ChecksumForm.MESSAGE if router.version is Version.V2 else action.checksum,
        password=router.password,
    )
    if not router.with_version_2:
        return (own,)
    old = Advertisement(
        version=Version.V2,
        vrid=router.vrid,
        priority=action.priority,
        interval=_whole_seconds(router.advertisement_interval),
        addresses=router.advertised,
    )
    return own, old


def _whole_seconds(interval: Interval) -> Interval:
    """Version 2 has no fractions of a second: round up, so that no BACKUP declares us dead too early."""
    return Interval(-(-interval // NANOSECONDS_PER_SECOND) * NANOSECONDS_PER_SECOND)
