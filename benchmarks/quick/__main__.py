"""The command: `python -m benchmarks.quick`, as root, under the interpreter that is to be measured.

Prints a table: ours, keepalived's, their ratio; with `--against` the other checkout's, the ratio to it, the spread of
the rounds and a verdict. The exit status is 0 where nothing is slower than the other checkout, 4 where something is, 1
where something could not be measured, 2 where nothing was tried. What it was doing, and which parts were measured on
a busy machine after all, goes to standard error.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from benchmarks.__main__ import CHECKOUT, run
from benchmarks.plan import Plan, Scale
from benchmarks.programs import Driver, Keepalived, ours_from
from benchmarks.quick.parts import scenarios
from benchmarks.quick.table import OTHER, busy, comparison, exit_status, text
from benchmarks.registry import select
from benchmarks.results import OURS

REFUSED = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print the table, and keep the numbers where told."""
    options = _parser().parse_args(arguments)
    if os.geteuid() != 0:
        print("this needs root, for network namespaces", file=sys.stderr)
        return REFUSED
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed package has its bytecode
    try:
        programs = _programs(options.against)
        chosen = select(scenarios(programs), options.only)
    except LookupError as error:
        print(error.args[0], file=sys.stderr)
        return REFUSED
    if options.smoke and not options.only:
        chosen = [scenario for scenario in chosen if scenario.is_smoked]
    results = run(chosen, Plan(Scale.SMOKE if options.smoke else Scale.QUICK, options.rounds))
    found = comparison(results, [program.program for program in programs])
    print(text(found))
    for line in busy(found):
        print(f"the machine was busy: {line}", file=sys.stderr)
    for failure in found.failures:
        print(f"not measured: {failure.scenario}: {failure.reason}", file=sys.stderr)
    if options.json:
        options.json.write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=1) + b"\n")
    return exit_status(found)


def _programs(against: Path | None) -> list[Driver]:
    """Ours, the other checkout's, keepalived; `LookupError` where one is not there."""
    sources = {OURS: CHECKOUT} | ({OTHER: against} if against else {})
    return [*(_checked(checkout, name) for name, checkout in sources.items()), Keepalived]


def _checked(checkout: Path, name: str) -> Driver:
    """Our daemon from a checkout, its bytecode made: a first start that compiles takes more time and memory.

    `LookupError` where another copy would run.
    """
    driver = ours_from(checkout, name)
    environment = os.environ | {"PYTHONPATH": str(driver.tree)}
    where = [sys.executable, "-c", "import failover; print(failover.__file__)"]
    found = subprocess.run(where, env=environment, capture_output=True, text=True, check=True).stdout.strip()
    if not Path(found).is_relative_to(str(driver.tree)):
        raise LookupError(f"there is no failover in {driver.tree}: {found} would run")
    subprocess.run([sys.executable, "-m", "compileall", "-q", str(driver.tree)], check=True)
    return driver


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quick", description=__doc__)
    parser.add_argument("--against", type=Path, metavar="DIR", help="another checkout, whose daemon is compared too")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where to keep the numbers")
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="parts, or groups of them")
    parser.add_argument("--rounds", type=int, help="how many quiet rounds; the default depends on the part")
    parser.add_argument("--smoke", action="store_true", help="only see that it runs; the numbers mean nothing")
    return parser


if __name__ == "__main__":
    sys.exit(main())
