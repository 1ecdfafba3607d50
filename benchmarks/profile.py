"""Where a BACKUP's time goes: a profile of ours, of keepalived, and of a bare Python loop of `recv`, on the same work.

    python -m benchmarks.profile [--seconds N] [--output FILE]

As root, under the interpreter that is to be measured, with `perf` (Debian: linux-perf) installed. It samples by the CPU
clock, which every machine has; hardware counters are refused by many virtual ones. Writes Markdown.
"""

import argparse
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks.arena import Arena, arena, specs
from benchmarks.calls import C_FUNCTIONS
from benchmarks.machine import cpu_seconds, environment, taken
from benchmarks.plan import steady
from benchmarks.programs import Driver, Keepalived, Ours, engine_pid
from benchmarks.results import KEEPALIVED, OURS
from benchmarks.samples import PARTS, Sample, parse, peaks, shares

BARE: Final = "bare `recv`"
COUNTING_SECONDS: Final = 10.0
_PERIOD: Final = 50_000
"""Nanoseconds of CPU time from one sample to the next."""
_FOR_EVER: Final = "1000000000"
_PEAKS: Final = 3
_RARELY: Final = 0.05
"""What is called less often for each advertisement is not listed."""


@dataclass(frozen=True)
class Case:
    """Virtual routers, and who is their MASTER."""

    routers: int
    interval: float
    master: Driver

    @property
    def title(self) -> str:
        """For the report."""
        plural = "s" if self.routers > 1 else ""
        return f"{self.routers} virtual router{plural} at {self.interval:g} s, heard from {self.master.program}"


CASES: Final = (Case(1, 0.1, Keepalived), Case(50, 0.1, Ours))


@dataclass(frozen=True)
class Profile:
    """Of one process that hears advertisements."""

    cost: float
    """Microseconds of CPU time an advertisement, while nobody looks."""
    advertisements: float
    """For each time that it went to sleep."""
    samples: Sequence[Sample]


@dataclass(frozen=True)
class Calls:
    """What our engine calls for one advertisement."""

    waits: float
    """Returns of `Loop.wait`."""
    counts: Mapping[str, float]


Receiver = Callable[[Arena, Case], int]
"""Starts something that hears the advertisements; the process."""


def _daemon(driver: Driver) -> Receiver:
    def start(made: Arena, case: Case) -> int:
        router = driver(made.two, *specs(case.routers, case.interval, 100))
        router.start()
        return engine_pid(router)

    return start


def _bare(made: Arena, _: Case) -> int:
    host = made.two
    command = [sys.executable, "-m", "benchmarks.bare", "hear", host.interface, str(host.ipv4.ip), _FOR_EVER]
    return host.popen(command).pid


RECEIVERS: Final[Mapping[str, Receiver]] = {OURS: _daemon(Ours), KEEPALIVED: _daemon(Keepalived), BARE: _bare}


def profiles(case: Case, seconds: float) -> dict[str, Profile]:
    """Of all that receive."""
    found: dict[str, Profile] = {}
    for name, receiver in RECEIVERS.items():
        print(f"{case.title}: {name} ...", file=sys.stderr)
        with arena(case.routers) as made:
            pid = receiver(made, case)
            _settle(made, case)
            found[name] = _profile(made, pid, seconds)
    return found


def _settle(made: Arena, case: Case) -> None:
    case.master(made.one, *specs(case.routers, case.interval, 200)).start()
    made.settle(made.one, case.routers / case.interval, steady(case.interval, 0.0))


def _profile(made: Arena, pid: int, seconds: float) -> Profile:
    heard, slept, used = made.frames(made.one, "rx"), _sleeps(pid), cpu_seconds(pid)
    time.sleep(seconds)
    heard, slept, used = made.frames(made.one, "rx") - heard, _sleeps(pid) - slept, cpu_seconds(pid) - used
    with TemporaryDirectory() as directory:
        data = str(Path(directory) / "data")
        _perf("record", "-q", "-e", "cpu-clock", "-c", str(_PERIOD), "-p", str(pid), "-o", data, "sleep", str(seconds))
        samples = parse(_perf("script", "-i", data, "-F", "ip,sym,dso"))
    return Profile(used / heard * 1e6, heard / slept, samples)


def _perf(*arguments: str) -> str:
    return subprocess.run(["perf", *arguments], capture_output=True, text=True, check=True).stdout


def _sleeps(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("voluntary_ctxt_switches"))


def calls(case: Case) -> Calls:
    """Counted in an engine of its own."""
    with arena(case.routers) as made:
        _settle(made, case)
        router = Ours(made.two, *specs(case.routers, case.interval, 100))
        file = made.two.directory / "counted.json"
        file.write_text(json.dumps(router.configuration()))
        command = [sys.executable, "-m", "benchmarks.calls", str(file), str(COUNTING_SECONDS)]
        found = json.loads(made.two.run(command).stdout)
    counts = {name: count / found["packets"] for name, count in found["calls"].items()}
    return Calls(found["waits"] / found["packets"], counts)


def markdown(case: Case, found: Mapping[str, Profile], called: Calls) -> str:
    """A section of the report."""
    lines = ["", f"## {case.title}", "", f"| | {' | '.join(found)} |", f"| --- |{' --- |' * len(found)}"]
    lines += [f"| {' | '.join((label, *cells))} |" for label, cells in _rows(list(found.values()))]
    lines += ["", _described(called)]
    return "\n".join(lines)


def _rows(found: Sequence[Profile]) -> Iterator[tuple[str, list[str]]]:
    yield "CPU time an advertisement, µs", [f"{one.cost:.1f}" for one in found]
    yield "CPU time a wake-up, µs", [f"{one.cost * one.advertisements:.0f}" for one in found]
    yield "advertisements a wake-up", [f"{one.advertisements:.1f}" for one in found]
    parts = [shares(one.samples) for one in found]
    for part in PARTS:
        cells = [f"{share[part]:.0%}, {share[part] * one.cost:.1f} µs" for share, one in zip(parts, found, strict=True)]
        yield part, cells
    yield "samples", [f"{len(one.samples)}" for one in found]
    yield (
        "most in",
        ["<br>".join(f"`{name}` {share:.1%}" for name, share in peaks(one.samples, _PEAKS)) for one in found],
    )


def _described(called: Calls) -> str:
    ours = {name: count for name, count in called.counts.items() if name != C_FUNCTIONS}
    listed = sorted(((count, name) for name, count in ours.items() if count >= _RARELY), reverse=True)
    names = ", ".join(f"`{name}` {count:.2f}" for count, name in listed)
    return (
        f"For an advertisement our engine calls {sum(ours.values()):.1f} functions in Python and "
        f"{called.counts[C_FUNCTIONS]:.1f} in C, and comes back from `Loop.wait` {called.waits:.2f} times."
    ) + (f" In Python: {names}." if names else "")


_HEAD: Final = """\
# Profile

How a BACKUP that receives advertisements spends its CPU time: Failover, keepalived, and a bare Python loop that only
calls `recv`, each alone on the same work. Made by `python -m benchmarks.profile`. The conclusions are in
[Performance](README.md).

The CPU time was measured without a profiler. Its parts are shares of samples that were taken afterwards with
`perf record -e cpu-clock`, one for each 0.05 ms of CPU time. Sampling takes time and cools the caches, for all
three programs alike, so the shares count and not the number of samples. A sample is in the kernel, in the interpreter
(with its modules in C), and so on. The time of single Python functions cannot be seen from outside, so their calls are
counted instead. Hardware counters are not used, because many virtual machines do not have them.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Profile all, and write the report."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.profile", description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=40.0, help="for each process, twice; the default is 40")
    parser.add_argument("--output", type=Path, metavar="FILE", help="where to write the report; else it is printed")
    options = parser.parse_args(arguments)
    if shutil.which("perf") is None:
        print("this needs perf: on Debian, the package linux-perf", file=sys.stderr)
        return 2
    sections = [markdown(case, profiles(case, options.seconds), calls(case)) for case in CASES]
    machine = ", ".join(f"{name} {value}" for name, value in environment().items() if name != "FRR")
    report = "\n".join((_HEAD, f"{taken()}; {machine}.", *sections, ""))
    if options.output:
        options.output.write_text(report)
    else:
        print(report)
    return 0


if __name__ == "__main__":
    sys.exit(main())
