"""`Draft`: an object of the file while it is checked: its good values, and the problems found so far."""

from collections.abc import Mapping
from typing import Any

import msgspec

from failover.config.checking.problems import Problem, within
from failover.vrrp.protocol import Family, VirtualAddress, family_of


def family_without_addresses(values: Mapping[str, Any]) -> Family:
    """The family of a virtual router with these settings and no addresses."""
    given = [text for key in ("source_address", "multicast_group") if (text := values.get(key))]
    given += [str(peer.address) for peer in values.get("unicast_peers") or ()]
    return Family.IPV6 if given and ":" in given[0] else Family.IPV4


class Draft(msgspec.Struct, kw_only=True):
    """One virtual router, or the daemon's settings, while it is checked."""

    path: str
    """The JSON path of the entry, such as `$[0]`; empty for one built in code."""
    values: dict[str, Any]
    """By name, every setting with a good value, defaults applied. One with a bad value is missing (a bad address in a
    list is None), and rules that need it are skipped, so that a mistake is reported once."""
    problems: list[Problem]
    """What is wrong so far, in the order of the report."""

    def blame(
        self, key: str | tuple[str, int], value: str, message: str, allowed: str, suggestion: str | None = None
    ) -> None:
        """Add a problem with a setting (its name), or with an item of a list (name and index)."""
        name, *index = key if isinstance(key, tuple) else (key,)
        path = within(self.path, str(name))
        for position in index:
            path = within(path, position)
        self.problems.append(Problem(path, value, message, allowed, suggestion))

    def addresses(self, setting: str) -> list[tuple[int, VirtualAddress]]:
        """The good addresses of a setting that is a list, each with its index in the list."""
        return [(place, address) for place, address in enumerate(self.values.get(setting) or ()) if address]

    def families(self) -> set[Family]:
        """The families of the advertised addresses; each makes a protocol instance.

        Without addresses it is that of the hosts' own addresses as far as these are given, or IPv4.
        """
        families = {family_of(address) for _, address in self.addresses("ip_addresses")}
        if families or not self.values.get("no_ip_addresses"):
            return families
        return {family_without_addresses(self.values)}
