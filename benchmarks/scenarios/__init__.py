"""What is measured, a module each; `ALL` has them in the order of the report."""

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

ALL: Final[tuple[Scenario, ...]] = (
    *takeover.SCENARIOS,
    *cpu.SCENARIOS,
    *floor.SCENARIOS,
    *spacing.SCENARIOS,
    *false_failovers.SCENARIOS,
    *addresses.SCENARIOS,
    *lifetime.SCENARIOS,
    *memory.SCENARIOS,
    *floods.SCENARIOS,
    *isolation.SCENARIOS,
    *micro.SCENARIOS,
)
