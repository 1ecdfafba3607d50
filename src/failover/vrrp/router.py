"""`VirtualRouter`: the parameters of one protocol instance, as `step()` and `receive()` see them.

One instance is one (interface, family, VRID), RFC 9568 §6.4. Frozen: to change a parameter, make a new one with
`dataclasses.replace` and tell the state machine (`ConfigChanged`).
"""

from dataclasses import dataclass
from enum import Enum

from failover.vrrp.authentication.keys import KeyedAuthentication
from failover.vrrp.authentication.password import AuthenticationType, type_of
from failover.vrrp.authentication.secret import Secret
from failover.vrrp.protocol import (
    INTERVAL_CENTISECONDS_V3,
    INTERVAL_SECONDS_V2,
    MAX_ADVERTISED_ADDRESSES,
    PRIORITIES,
    PRIORITY_DEFAULT,
    PRIORITY_OWNER,
    VRIDS,
    Address,
    ChecksumForm,
    Family,
    Network,
    PreferredLifetime,
    Version,
    VirtualAddress,
    family_of,
)
from failover.vrrp.scope import MULTICAST, Scope
from failover.vrrp.timers import master_down_interval, skew_time
from failover.vrrp.units import NANOSECONDS_PER_CENTISECOND, NANOSECONDS_PER_SECOND, Instant, Interval, seconds

DEFAULT_INTERVAL = seconds(1)


class ChecksumPolicy(Enum):
    """Which form of checksum is sent in version 3 over IPv4; both are always accepted."""

    AUTO = "auto"
    """The form of RFC 9568 until a peer of this virtual router is heard that uses the other one; then the peer's."""
    MESSAGE = "rfc9568"
    """Always over the message alone."""
    PSEUDO_HEADER = "pseudo_header"
    """Always over the message and a pseudo-header."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VirtualRouter:
    """The parameters of one protocol instance.

    Raises `ValueError` where they contradict the RFC; the message names the parameter.
    """

    vrid: int
    """1 to 255 (RFC 9568 §5.2.3)."""
    addresses: tuple[VirtualAddress, ...]
    """The advertised virtual addresses, one family, in the order in which they are sent (RFC 9568 §5.2.9).

    None where the virtual router only elects a MASTER: then an address count of 0 is sent and understood.
    """
    primary_address: Address
    """Our source address on the interface. Between equal priorities the greater one wins (RFC 9568 §6.4.3)."""
    on_link: tuple[Network, ...] = ()
    """The networks that the host has addresses of its own in, on the interface; empty where that is not known."""
    scope: Scope = MULTICAST
    """Where its advertisements go, and whom it listens to."""
    version: Version = Version.V3
    priority: int = PRIORITY_DEFAULT
    """1 to 254, or 255 for the address owner (RFC 9568 §5.2.4)."""
    advertisement_interval: Interval = DEFAULT_INTERVAL
    """Our own, in nanoseconds: whole centiseconds with version 3, whole seconds with version 2 (RFC 9568 §6.1)."""
    beat_phase: Interval | None = None
    """Nanoseconds: our advertisements fall on instants that equal this modulo the interval. With it, a host with many
    routers can send some together and spread the rest. None: each advertisement one interval after the last."""
    preempt_mode: bool = True
    """Whether to take over from a MASTER of lower priority (RFC 9568 §6.1)."""
    excluded_addresses: tuple[VirtualAddress, ...] = ()
    """On the interface while MASTER but not advertised."""
    accept_mode: bool = True
    """Whether the MASTER accepts packets that are sent to its addresses; the owner always does (RFC 9568 §6.1)."""
    preferred_lifetime: PreferredLifetime = PreferredLifetime.FOREVER
    """Of all its addresses while they are on the interface; IPv4 knows no other than `FOREVER`."""
    checksum: ChecksumPolicy = ChecksumPolicy.AUTO
    require_link_local: bool = True
    """IPv6: the first virtual address, ours and that of peers, must be link-local (RFC 9568 §5.2.9, erratum 8300)."""
    check_address_list: bool = False
    """Version 2: drop an advertisement whose addresses differ from ours (RFC 3768 §7.1, a MAY)."""
    with_version_2: bool = False
    """Version 3 over IPv4: also send and understand version 2, for a migration (RFC 9568 §8.4)."""
    password: Secret | None = None
    """Version 2: what each advertisement contains, sent and received (RFC 2338 §5.3.6.2): 1 byte at least; the first 8
    count."""

    keyed: KeyedAuthentication | None = None
    """How advertisements are signed with a key, and checked."""

    def __post_init__(self) -> None:
        _demand(self.password is None or self.keyed is None, "password", "set", "none beside a key")
        _demand(self.vrid in VRIDS, "vrid", self.vrid, "1 to 255")
        _demand(self.priority in PRIORITIES, "priority", self.priority, "1 to 255")
        count = len(self.addresses)
        _demand(count <= MAX_ADVERTISED_ADDRESSES, "addresses", f"{count} of them", "255 at most")
        _demand(count > 0 or not self.excluded_addresses, "excluded_addresses", "some", "none without addresses")
        families = {family_of(a) for a in (*self.addresses, *self.excluded_addresses, self.primary_address)}
        families |= self.scope.families
        _demand(len(families) == 1, "addresses", "IPv4 and IPv6", "one family, that of primary_address")
        self._check_version()

    def _check_version(self) -> None:
        if self.version is Version.V2:
            _demand(self.family is Family.IPV4, "addresses", "IPv6", "IPv4 only with version 2")
            _demand(not self.with_version_2, "with_version_2", True, "version 3 only")
            _demand(self.password != Secret(b""), "password", "empty", "1 byte at least")
            unit, allowed, text = NANOSECONDS_PER_SECOND, INTERVAL_SECONDS_V2, "1 to 255 whole seconds"
        else:
            _demand(not self.check_address_list, "check_address_list", True, "version 2 only")
            _demand(self.password is None, "password", "set", "version 2 only")
            unit, allowed, text = NANOSECONDS_PER_CENTISECOND, INTERVAL_CENTISECONDS_V3, "0.01 to 40.95 s"
        _demand(not self.with_version_2 or self.family is Family.IPV4, "with_version_2", True, "IPv4 only")
        count, rest = divmod(self.advertisement_interval, unit)
        _demand(
            rest == 0 and count in allowed,
            "advertisement_interval",
            f"{self.advertisement_interval} ns",
            f"{text} with version {self.version}",
        )
        if self.family is Family.IPV6 and self.require_link_local:
            for first in self.addresses[:1]:
                _demand(first.ip.is_link_local, "addresses", first, "a link-local address first (RFC 9568 §5.2.9)")

    @property
    def family(self) -> Family:
        """The family of all addresses."""
        return family_of(self.primary_address)

    @property
    def is_address_owner(self) -> bool:
        """Whether the virtual addresses are this host's own (priority 255, RFC 9568 §5.2.4)."""
        return self.priority == PRIORITY_OWNER

    @property
    def authentication_type(self) -> AuthenticationType:
        """The Auth Type of its advertisements in version 2."""
        return type_of(self.password)

    @property
    def destinations(self) -> tuple[Address, ...]:
        """Where each of its advertisements goes."""
        return self.scope.destinations(self.family, self.primary_address)

    @property
    def signs(self) -> bool:
        """Whether its advertisements have a trailer."""
        return self.keyed is not None and self.keyed.signs

    @property
    def advertised(self) -> tuple[Address, ...]:
        """The addresses as an advertisement lists them: without prefix lengths, without the excluded ones."""
        return tuple(address.ip for address in self.addresses)

    def lists(self, addresses: tuple[Address, ...]) -> bool:
        """Whether these are the advertised addresses, in any order."""
        own = self.advertised
        return addresses == own or set(addresses) == set(own)

    def lists_any(self, addresses: tuple[Address, ...]) -> bool:
        """Whether one of these is an advertised address: whoever advertises them serves ours, at least in part."""
        return not set(self.advertised).isdisjoint(addresses)

    @property
    def held_addresses(self) -> tuple[VirtualAddress, ...]:
        """Every address that is on the interface while MASTER: first the advertised, then the excluded ones."""
        return self.addresses + self.excluded_addresses

    @property
    def initial_checksum(self) -> ChecksumForm:
        """The checksum form to send before any peer has been heard."""
        if self.family is Family.IPV6 or self.checksum is ChecksumPolicy.PSEUDO_HEADER:
            return ChecksumForm.PSEUDO_HEADER
        return ChecksumForm.MESSAGE

    def next_beat(self, now: Instant) -> Instant:
        """When to advertise again after an advertisement at `now`: one interval later (RFC 9568 §6.4.3).

        With a `beat_phase`, the last instant of that phase up to then: the first interval may be shorter, never longer.
        """
        latest = now + self.advertisement_interval
        phase = self.beat_phase
        return Instant(latest if phase is None else latest - (latest - phase) % self.advertisement_interval)

    def skew_time(self, interval: Interval) -> Interval:
        """Skew_Time in nanoseconds, where the MASTER advertises every `interval`; see `timers`."""
        return skew_time(self.version, self.priority, interval)

    def master_down_interval(self, interval: Interval) -> Interval:
        """Master_Down_Interval in nanoseconds, where the MASTER advertises every `interval`; see `timers`."""
        return master_down_interval(self.version, self.priority, interval)


def _demand(condition: bool, name: str, value: object, allowed: str) -> None:  # noqa: FBT001 - an assertion
    if not condition:
        raise ValueError(f"{name} is {value}; allowed: {allowed}")
