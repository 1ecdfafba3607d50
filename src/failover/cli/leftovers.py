"""Finds and removes what a dead daemon may have left on this host. Refuses where the daemon is alive."""

import errno
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import click

from failover.cli.failures import BAD_CONFIGURATION, FAILED, FINE, Failure, tell
from failover.cli.living import Living
from failover.cli.places import Places
from failover.config import ConfigError, Configuration, load, not_read
from failover.config.rules.entry import FAMILY_NAMES
from failover.engine.fleet.links.virtual_links import is_left
from failover.engine.process.runtime_directory import RuntimeDirectory, running_daemon
from failover.linux.errors import describe, reason
from failover.linux.host import LinuxHost
from failover.linux.interfaces.monitor import Interfaces
from failover.linux.interfaces.ownership import Asker, Lists, Own, Whose, recognised, whose
from failover.linux.interfaces.secondaries import keep_secondaries
from failover.linux.interfaces.table import Interface
from failover.linux.netlink.addresses import prepare_remove
from failover.linux.netlink.connection import Netlink
from failover.linux.netlink.rtnetlink import AssignedAddress
from failover.linux.process import capabilities
from failover.vrrp import Address, Family, VirtualAddress
from failover.vrrp.protocol import PRIORITY_OWNER, family_of

Concerns = Callable[[Interface, AssignedAddress], bool]
"""Whether an address of an interface is looked at at all."""

_IN_USE = (errno.EBUSY, errno.EADDRINUSE)
"""The errors of a runtime directory that another daemon uses."""

_Outcome = tuple[list[VirtualAddress], int]
"""What was removed from one interface, and how many addresses had to stay."""


def remove(path: Path, where: Places) -> int:
    """Remove all addresses with the daemon's tag, and those that the file lists. Returns the exit status.

    A file that is missing or wrong is reported; then only tagged addresses are removed. `Failure` where a daemon runs.
    """
    status = FINE
    loaded: Configuration | None = None
    try:
        loaded = load(path, read_secret=not_read)
    except ConfigError as error:
        if isinstance(error.__cause__, FileNotFoundError):
            tell(f"{path} does not exist: looking for marked addresses only")
        else:
            tell(f"looking for marked addresses only, because the configuration cannot be used: {error}")
            status = BAD_CONFIGURATION
    return _remove(lambda *_: True, _virtual_addresses(loaded) if loaded else {}, where) or status


def remove_configured(configuration: Configuration, where: Places) -> int:
    """Remove the addresses of these virtual routers and nothing else. Returns the exit status.

    Those of an address owner only where they have the daemon's tag. `Failure` where a daemon runs.
    """
    virtual = _virtual_addresses(configuration)
    listed = {
        (router.interface_name, address)
        for router in configuration.virtual_routers
        for address in (*router.ip_addresses, *router.excluded_ip_addresses)
    }

    def concerns(interface: Interface, assigned: AssignedAddress) -> bool:
        is_listed = (interface.name, assigned.address) in listed
        return is_listed or assigned.address.ip in virtual.get(interface.name, ())

    return _remove(concerns, virtual, where)


def _virtual_addresses(configuration: Configuration) -> dict[str, frozenset[Address]]:
    """The virtual addresses by interface, without those of an address owner, which are the host's own."""
    found: dict[str, frozenset[Address]] = {}
    for router in configuration.virtual_routers:
        if router.priority != PRIORITY_OWNER:
            own = frozenset(address.ip for address in (*router.ip_addresses, *router.excluded_ip_addresses))
            found[router.interface_name] = found.get(router.interface_name, frozenset()) | own
    return found


def _remove(concerns: Concerns, virtual: Mapping[str, frozenset[Address]], where: Places) -> int:
    capabilities.take_permitted()
    if "CAP_NET_ADMIN" in capabilities.missing():
        raise Failure("needs CAP_NET_ADMIN: run it as root")
    with closing(Living()) as living, _no_daemon(where), Netlink() as netlink, closing(Interfaces()) as interfaces:
        outcomes = {
            interface.name: _remove_from(netlink, interface, concerns, virtual.get(interface.name, frozenset()), living)
            for interface in interfaces
        }
        links = _remove_links(interfaces, living)
    # Only now: what cannot be said, on a full disk or to nobody, must still be done.
    for name, (removed, _) in outcomes.items():
        for address in removed:
            click.echo(f"removed {address} from {name}")
    for name in links:
        click.echo(f"removed {name}")
    if not (links or any(removed or left for removed, left in outcomes.values())):
        click.echo("nothing to remove")
    return FAILED if any(left for _, left in outcomes.values()) else FINE


def _remove_from(
    netlink: Netlink, interface: Interface, concerns: Concerns, virtual: frozenset[Address], living: Living
) -> _Outcome:
    own = recognised(Own(), interface, Lists(virtual), is_new=True)
    asker = Asker(virtual, living.has, own=own.all)
    found: dict[Whose, list[VirtualAddress]] = {one: [] for one in Whose}
    for assigned in interface.addresses:
        if concerns(interface, assigned):
            found[whose(assigned, interface, asker)].append(assigned.address)
    _tell_of_the_living(interface, found[Whose.ANOTHERS], living)
    for address in found[Whose.HOST]:
        if address.ip in virtual:
            family = FAMILY_NAMES[family_of(address)]
            other = f"global {family}" if address in own.only else family
            tell(f"{interface.name}: {address} left alone, because the host has no other {other} address there")
    theirs = tuple(found[Whose.NOBODYS])
    if any(family_of(address) is Family.IPV4 for address in theirs):
        _spare_others(interface)
    failures = {failure.address: failure for failure in netlink.apply(prepare_remove(interface.ifindex, theirs))}
    for failure in failures.values():
        tell(f"{interface.name}: {failure}")
    removed = [address for address in theirs if address not in failures]
    return removed, len(failures) + len(found[Whose.ANOTHERS])


def _remove_links(interfaces: Iterable[Interface], living: Living) -> list[str]:
    """Remove the interfaces that a dead daemon has made for virtual MAC addresses; their names."""
    host, removed = LinuxHost(), list[str]()
    for interface in interfaces:
        if is_left(interface, living.has):
            try:
                host.remove_link(interface.ifindex)
            except OSError as error:
                tell(f"{interface.name}: {reason(error)}")
            else:
                removed.append(interface.name)
    return removed


def _tell_of_the_living(interface: Interface, addresses: Sequence[VirtualAddress], living: Living) -> None:
    holders = {address: living.holder(interface.name, address) for address in addresses}
    for claim in dict.fromkeys(claim for claim in holders.values() if claim):
        listed = ", ".join(str(address) for address in addresses if holders[address] == claim)
        tell(
            f"{interface.name}: {listed} left alone, because another failover, {claim.process}, {claim.does}:"
            " stop it, and it removes its addresses"
        )


def _spare_others(interface: Interface) -> None:
    try:
        keep_secondaries(interface)
    except OSError as error:
        tell(
            f"{interface.name}: promote_secondaries cannot be set ({reason(error)}): other addresses may be removed too"
        )


@contextmanager
def _no_daemon(where: Places) -> Iterator[None]:
    """Lock the runtime directory as a daemon would, so that none starts meanwhile. At the end lock and socket are gone.

    A directory that cannot be read or written is only reported: it matters more that the addresses are removed.
    """
    runtime: RuntimeDirectory | None = None
    try:
        pid = running_daemon(where.runtime_directory)
        if pid is not None:
            who = f"process {pid}" if pid else "process unknown"
            raise Failure(f"a daemon runs on {where.runtime_directory}, {who}: stop it, and it removes its addresses")
        if where.runtime_directory.exists():
            runtime = RuntimeDirectory(where.runtime_directory, where.control_socket)
    except OSError as error:
        if error.errno in _IN_USE:
            raise
        tell(f"{describe(error)}: only addresses are removed")
    try:
        yield
    finally:
        if runtime is not None:
            runtime.release()
