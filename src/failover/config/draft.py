"""`Draft`: an entry while it is being checked, good values and problems side by side."""

from typing import Any

import msgspec

from failover.config.problems import Problem, within
from failover.vrrp.protocol import Family, VirtualAddress, family_of


class Draft(msgspec.Struct, kw_only=True):
    """What is known of one virtual router, or of the daemon's settings, so far.

    `values` holds every setting, defaults applied, except the ones whose value could not be understood: a rule that
    needs one of those stays silent, so that one slip is reported once.
    """

    path: str
    """Of the entry, such as `$[0]`; empty for one built in code."""
    values: dict[str, Any]
    problems: list[Problem]

    def blame(
        self, key: str | tuple[str, int], value: str, message: str, allowed: str, suggestion: str | None = None
    ) -> None:
        """Add a problem with one setting, or with one item of a list."""
        name, *index = key if isinstance(key, tuple) else (key,)
        path = within(self.path, str(name))
        for position in index:
            path = within(path, position)
        self.problems.append(Problem(path, value, message, allowed, suggestion))

    def addresses(self, setting: str) -> list[tuple[int, VirtualAddress]]:
        """The good addresses of one list, each with its place in the list."""
        return [(place, address) for place, address in enumerate(self.values.get(setting) or ()) if address]

    def families(self) -> set[Family]:
        """The families that would be advertised, each a protocol instance."""
        return {family_of(address) for _, address in self.addresses("ip_addresses")}
