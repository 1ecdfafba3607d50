"""The command: `python -m benchmarks`, as root, under the interpreter that is to be measured."""

import argparse
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

import failover
from benchmarks.machine import environment, taken
from benchmarks.plan import Plan, Scale
from benchmarks.registry import Scenario, select
from benchmarks.report import markdown
from benchmarks.results import Failure, Measurement, Results, merged
from benchmarks.scenarios import ABOUT, ALL

CHECKOUT: Final = Path(__file__).parents[1]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print the report, and keep it where told."""
    options = _parser().parse_args(arguments)
    if options.list:
        print("\n".join(scenario.name for scenario in ALL))
        return 0
    if not Path(failover.__file__).is_relative_to(CHECKOUT):
        print(f"this would measure {failover.__file__}: set PYTHONPATH to the src of this checkout", file=sys.stderr)
        return 2
    if os.geteuid() != 0:
        print("this needs root, for network namespaces", file=sys.stderr)
        return 2
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed package has its bytecode
    scale = Scale.SMOKE if options.smoke else Scale.QUICK if options.quick else Scale.FULL
    try:
        chosen = select(ALL, options.only)
    except LookupError as error:
        print(error.args[0], file=sys.stderr)
        return 2
    if scale is Scale.SMOKE and not options.only:
        chosen = [scenario for scenario in chosen if scenario.is_smoked]
    results = run(chosen, Plan(scale, options.rounds))
    print(markdown(results))
    if options.output:
        keep(results, options.output)
    return 1 if results.failures else 0


def run(scenarios: Sequence[Scenario], plan: Plan) -> Results:
    """All of them, one after the other; one that fails does not stop the others, Ctrl-C keeps what there is."""
    found: list[Measurement] = []
    failures: list[Failure] = []
    for scenario in scenarios:
        began = time.monotonic()
        print(f"{scenario.name} ...", file=sys.stderr)
        try:
            found.extend(msgspec.structs.replace(one, taken=taken()) for one in scenario.run(plan))
        except KeyboardInterrupt:
            failures.append(Failure(scenario.name, "interrupted, and what would have followed"))
            break
        except Exception as error:  # noqa: BLE001 - whatever it is: said, and the exit status tells
            failures.append(Failure(scenario.name, f"{type(error).__name__}: {error}"))
            print(f"  {failures[-1].reason}", file=sys.stderr)
        print(f"  {time.monotonic() - began:.0f} s", file=sys.stderr)
    return Results(environment(), found, failures, ABOUT)


def keep(results: Results, directory: Path) -> None:
    """Write the report, the numbers behind it, and the plots; of what was not measured, keep what is there."""
    from benchmarks.plots import draw  # noqa: PLC0415 - only here is the plotting library needed

    directory.mkdir(parents=True, exist_ok=True)
    numbers = directory / "results.json"
    if numbers.exists():
        earlier = msgspec.json.decode(numbers.read_bytes(), type=Results)
        results = merged(earlier, results, [scenario.name for scenario in ALL])
    numbers.write_bytes(msgspec.json.format(msgspec.json.encode(results), indent=1) + b"\n")
    (directory / "results.md").write_text(markdown(results, draw(results, directory)))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    scale = parser.add_mutually_exclusive_group()
    scale.add_argument("--quick", action="store_true", help="fewer and shorter rounds")
    scale.add_argument("--smoke", action="store_true", help="only see that everything runs; the numbers mean nothing")
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="scenarios, or groups of them")
    parser.add_argument("--rounds", type=int, help="how many quiet rounds; the default depends on the scenario")
    parser.add_argument("--output", type=Path, metavar="DIR", help="where to keep report, numbers and plots")
    parser.add_argument("--list", action="store_true", help="name the scenarios")
    return parser


if __name__ == "__main__":
    sys.exit(main())
