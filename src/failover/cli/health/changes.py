"""What a reload would change, in a few words, as far as the status document tells. Pure."""

from collections.abc import Iterator
from typing import Any, Final

from failover.config import Configuration, instances
from failover.vrrp import VirtualRouter, to_seconds

_MOST: Final = 3
"""Changes that are listed; more are counted."""

Router = dict[str, Any]
"""As the status document has it."""


def changes(running: list[Router], configuration: Configuration) -> str:
    """Such as `web: priority 200 -> 50; dns is new`; empty where only what the status does not show has changed."""
    found = list(_changes(running, configuration))
    more = [f"and {len(found) - _MOST} more"] if len(found) > _MOST else []
    return "; ".join(found[:_MOST] + more)


def _changes(running: list[Router], configuration: Configuration) -> Iterator[str]:
    before = {(router["name"], router["family"]): router for router in running}
    after = {
        (entry.name, one.family.label): (entry.interface_name, one)
        for entry in configuration.virtual_routers
        for one in instances(entry)
    }
    names = {name for name, _ in before}
    for (name, family), (interface, router) in after.items():
        if old := before.get((name, family)):
            yield from (f"{name}: {change}" for change in _differences(old, interface, router))
        elif name not in names:
            yield f"{name} ({family}) is new"
        else:
            yield f"{name}: {family} is new"
    for name, family in before.keys() - after.keys():
        yield f"{name} ({family}) is gone"


def _differences(old: Router, interface: str, router: VirtualRouter) -> Iterator[str]:
    pairs = (
        ("vrid", old["vrid"], router.vrid),
        ("interface", old["interface"], interface),
        ("version", old["version"], int(router.version)),
        ("priority", old["priority"]["configured"], router.priority),
        (
            "interval",
            _seconds(old["advertisement_interval_seconds"]),
            _seconds(to_seconds(router.advertisement_interval)),
        ),
    )
    yield from (f"{what} {one} -> {other}" for what, one, other in pairs if one != other)
    addresses = [str(address) for address in router.held_addresses]
    yield from (f"{address} is new" for address in addresses if address not in old["addresses"])
    yield from (f"{address} is gone" for address in old["addresses"] if address not in addresses)


def _seconds(value: float) -> str:
    return f"{value:g} s"
