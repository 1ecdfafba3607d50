"""What is measured, a module each; `ALL` has them in the order of the report.

The docstring of each module is what the report says of it.
"""

import inspect
from typing import Final

from benchmarks.registry import Scenario
from benchmarks.scenarios import (
    addresses,
    cpu,
    false_failovers,
    floods,
    floor,
    isolation,
    lifetime,
    memory,
    micro,
    spacing,
    takeover,
)

_MODULES: Final = (
    takeover,
    cpu,
    floor,
    spacing,
    false_failovers,
    addresses,
    lifetime,
    memory,
    floods,
    isolation,
    micro,
)

ALL: Final[tuple[Scenario, ...]] = tuple(scenario for module in _MODULES for scenario in module.SCENARIOS)

ABOUT: Final[dict[str, str]] = {
    scenario.group: inspect.getdoc(module) or "" for module in _MODULES for scenario in module.SCENARIOS
}
"""Group to what the report says of it."""
