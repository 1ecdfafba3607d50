"""The standing of a virtual router: its priority, and what holds it down, as a sum of named contributions. Pure.

RFC 9568 has one fixed priority. What changes it here is what else decides whether a host should be MASTER, such as a
tracker. Nothing but a standing says which priority is advertised, or which fault of that kind a router has.
"""

from dataclasses import dataclass
from typing import Final

from failover.vrrp.machine.states import Fault
from failover.vrrp.protocol import PRIORITY_OWNER

LOWEST_PRIORITY: Final = 1
HIGHEST_PRIORITY: Final = PRIORITY_OWNER - 1
"""What contributions may make of a priority: 0 is a resignation and 255 the address owner's (RFC 9568 §5.2.4)."""


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one source, such as a tracker, makes of the standing now."""

    source: str
    """What it is called."""
    weight: int = 0
    """Added to the configured priority."""
    fault: Fault | None = None
    """Why the router must not run; None: it may."""


@dataclass(frozen=True, slots=True)
class Standing:
    """The configured priority, and what is contributed to it."""

    configured: int
    """1 to 254, or 255 for the address owner."""
    contributions: tuple[Contribution, ...] = ()

    @property
    def priority(self) -> int:
        """The effective priority: the sum, 1 to 254. An address owner's is 255, whatever is contributed."""
        if self.configured == PRIORITY_OWNER:
            return PRIORITY_OWNER
        total = self.configured + sum(one.weight for one in self.contributions)
        return min(max(total, LOWEST_PRIORITY), HIGHEST_PRIORITY)

    @property
    def fault(self) -> Fault | None:
        """The fault of the first contribution that has one."""
        return next((one.fault for one in self.contributions if one.fault is not None), None)


def standing(configured: int, contributions: tuple[Contribution, ...]) -> Standing:
    """The standing that these contributions make, without those that change nothing."""
    return Standing(configured, tuple(one for one in contributions if one.weight or one.fault is not None))
