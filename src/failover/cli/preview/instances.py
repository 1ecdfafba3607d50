"""What a configuration would run on this host, as data: timers, source addresses, faults, and warnings.

Reads the host's interfaces, which needs no privilege, and changes nothing.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from typing import Any, NamedTuple

import msgspec

from failover.cli.health.subnets import mistaken
from failover.cli.preview.trackers import weight_warnings
from failover.config import Configuration, DaemonSettings, Track, instances
from failover.engine.account.status import authentication_of
from failover.engine.transmit.prepared import mtu_fault
from failover.linux.confinement import users
from failover.linux.errors import reason
from failover.linux.interfaces.monitor import Interfaces
from failover.linux.interfaces.naming import meant
from failover.linux.interfaces.ownership import Asker, Lists, Own, Whose, recognised, whose
from failover.linux.interfaces.readiness import fault, own_addresses, own_networks, source_address, source_for
from failover.linux.interfaces.table import Interface
from failover.vrrp import Address, Family, Fault, VirtualAddress, VirtualRouter, is_cut
from failover.vrrp.units import to_seconds


class Preview(NamedTuple):
    """One protocol instance, as it would run on this host."""

    name: str
    interface: str
    router: VirtualRouter
    source: Address | None
    """The address that it would send from, as the interface is now; None where there is none or it is not known."""
    fault: Fault | None
    """Why it could not run now; None where it could."""
    warnings: tuple[str, ...]
    """Sentences about what looks wrong but does not keep it from running."""
    track: tuple[Track, ...] = ()
    """The trackers that it would follow."""

    @property
    def destinations(self) -> tuple[Address, ...]:
        """Where its advertisements would go."""
        return self.router.scope.destinations(self.router.family, self.source or self.router.primary_address)

    def document(self) -> dict[str, Any]:
        """The object of `check --json` for this instance, with the keys of `status --json`."""
        router = self.router
        interval = router.advertisement_interval
        return {
            "name": self.name,
            "family": router.family.label,
            "vrid": router.vrid,
            "interface": self.interface,
            "version": int(router.version),
            "priority": router.priority,
            "track": [{"tracker": one.tracker, "weight": one.weight} for one in self.track],
            "preempt_mode": router.preempt_mode,
            "advertisement_interval_seconds": to_seconds(interval),
            "skew_time_seconds": to_seconds(router.skew_time(interval)),
            "master_down_interval_seconds": to_seconds(router.master_down_interval(interval)),
            "addresses": list(map(str, router.addresses)),
            "excluded_addresses": list(map(str, router.excluded_addresses)),
            "accept_mode": router.accept_mode,
            "preferred_lifetime": router.preferred_lifetime.value if router.family is Family.IPV6 else None,
            "authentication": msgspec.to_builtins(authentication_of(router)),
            "source": str(self.source) if self.source else None,
            "destinations": list(map(str, self.destinations)),
            "hop_limit": router.scope.hop_limit,
            "fault": {"reason": self.fault.reason, "detail": self.fault.detail} if self.fault else None,
            "warnings": list(self.warnings),
        }


def interfaces() -> dict[str, Interface]:
    """The interfaces of this host by name; `OSError` where they cannot be listed."""
    with closing(Interfaces()) as table:
        return {interface.name: interface for interface in table}


def agent(daemon: DaemonSettings) -> dict[str, Any]:
    """The object of `check --json` about the agent: the user, by number, that it becomes where root starts it."""
    try:
        return {"user": users.unprivileged(daemon.agent_user).uid, "warning": None}
    except OSError as error:
        return {"user": None, "warning": reason(error)}


def preview(configuration: Configuration, here: Mapping[str, Interface] | None) -> list[Preview]:
    """A preview of every protocol instance, in the order of the configuration.

    `here` has the host's interfaces by name; where it is None, nothing is said about them.
    """
    all_instances = [
        (entry.name, entry.interface_name, router)
        for entry in configuration.virtual_routers
        for router in instances(entry)
    ]
    tracks = {entry.name: entry.track for entry in configuration.virtual_routers}
    virtual: dict[str, set[Address]] = {}
    for _, name, router in all_instances:
        if not router.is_address_owner:
            virtual.setdefault(name, set()).update(address.ip for address in router.held_addresses)
    found = [
        Preview(name, interface_name, router, None, None, tuple(_of_the_file(router)))
        if here is None
        else _on(here, name, interface_name, router, virtual.get(interface_name, set()))
        for name, interface_name, router in all_instances
    ]
    return [_with_tracks(one, tracks[one.name]) for one in found]


def _with_tracks(one: Preview, track: tuple[Track, ...]) -> Preview:
    return one._replace(track=track, warnings=(*one.warnings, *weight_warnings(one.router, track)))


def _on(
    here: Mapping[str, Interface], name: str, interface_name: str, router: VirtualRouter, virtual: set[Address]
) -> Preview:
    interface = here.get(interface_name)
    found = fault(interface_name, interface, router.family, virtual, meant(interface_name, here.values()))
    if found is None and interface is not None:
        found = mtu_fault(router, interface_name, interface.mtu)
    source = source_address(interface, router.family, virtual) if interface else None
    if found is None and interface is not None and source is not None:
        chosen = source_for(router, interface_name, source, own_addresses(interface, router.family, virtual))
        found, source = (chosen, None) if isinstance(chosen, Fault) else (None, chosen)
    return Preview(
        name, interface_name, router, source, found, (*_of_the_file(router), *_warnings(router, interface, virtual))
    )


def _of_the_file(router: VirtualRouter) -> Iterator[str]:
    """Warnings that depend on no interface."""
    if router.password is not None and is_cut(router.password):
        yield "the password has more than 8 bytes: only the first 8 are used, as in keepalived"


def _warnings(router: VirtualRouter, interface: Interface | None, virtual: set[Address]) -> Iterator[str]:
    if interface is None:
        return
    own = {assigned.address for assigned in interface.addresses if not assigned.is_tagged}
    own_ips = {address.ip for address in own}
    if router.is_address_owner:
        for address in router.held_addresses:
            if address.ip not in own_ips:
                yield f"priority 255 says that {address.ip} is this host's own, but {interface.name} does not have it"
        return
    kept = _kept(interface, virtual)
    for address in router.held_addresses:
        if address.ip in own_ips:
            outcome = (
                "it would stay in every state, because the host has no other"
                if address.ip in kept
                else "it would be removed while BACKUP"
            )
            yield (
                f"{interface.name} already has {address.ip}, not from this daemon: {outcome};"
                " if it is this host's own address, set priority 255"
            )
        elif not _is_on_link(address, own):
            yield f"no network of {interface.name} contains {address}: answers to its clients may go another way"
    if router.family is Family.IPV4:
        subnets = map(str, own_networks(interface, router.family, virtual))
        if found := mistaken(map(str, router.held_addresses), subnets, interface.name):
            yield found


def _kept(interface: Interface, virtual: set[Address]) -> frozenset[Address]:
    """Those of an interface that the daemon would leave the host, although they are configured as virtual."""
    own = recognised(Own(), interface, Lists(virtual), is_new=True)
    asker = Asker(virtual, lambda *_: False, own=own.all)
    addresses = (one for one in interface.addresses if not one.is_tagged)
    return frozenset(one.address.ip for one in addresses if whose(one, interface, asker) is Whose.HOST)


def _is_on_link(address: VirtualAddress, own: Iterable[VirtualAddress]) -> bool:
    """Whether an address is in a network of the interface. One that is not a /32 or /128 brings its own network."""
    if address.network.prefixlen < address.max_prefixlen:
        return True
    return any(address.ip in one.network for one in own if one.version == address.version)
