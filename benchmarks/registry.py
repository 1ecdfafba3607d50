"""All scenarios, in the order of the report."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from benchmarks.plan import Plan
from benchmarks.results import Measurement


@dataclass(frozen=True)
class Scenario:
    """Something to measure."""

    name: str
    """`group/case`; either can be asked for."""
    run: Callable[[Plan], Iterable[Measurement]]
    is_smoked: bool = True
    """Whether the smoke form runs it: one case of a group does."""

    @property
    def group(self) -> str:
        """The section of the report."""
        return self.name.partition("/")[0]


def select(scenarios: Iterable[Scenario], names: Sequence[str]) -> list[Scenario]:
    """Those whose name or group was asked for, all where none was; `LookupError` for a name that there is not."""
    found = list(scenarios)
    for name in names:
        if not any(_is_meant(scenario, name) for scenario in found):
            known = ", ".join(scenario.name for scenario in found)
            raise LookupError(f"there is no scenario {name}; there are {known}")
    return [one for one in found if not names or any(_is_meant(one, name) for name in names)]


def _is_meant(scenario: Scenario, name: str) -> bool:
    return scenario.name == name or scenario.name.startswith(f"{name}/")
