"""The command: `python -m fuzz`. Searches for inputs that break a target's invariant, each target in its own process.

Whatever took a new way is kept in `build/fuzz/NAME/corpus`, where the next search begins; an input that failed lies
beside it. Once mended, it belongs into `fuzz/regressions/NAME`.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha1
from importlib.util import find_spec
from pathlib import Path
from typing import Final, NamedTuple

from fuzz.targets import NAMES, REGRESSIONS, load

CHECKOUT: Final = Path(__file__).parents[1]
BUILD: Final = CHECKOUT / "build" / "fuzz"

_LONGEST_INPUT: Final = 8192
_SLOWEST_INPUT_SECONDS: Final = 10
_GRACE_SECONDS: Final = 120
"""For the start, the seeds, and the last input."""
_STATISTIC: Final = re.compile(r"^stat::(\w+):\s+(\d+)$", re.MULTILINE)


class Outcome(NamedTuple):
    """What a search came to."""

    name: str
    executions: int
    kept: int
    """Inputs that took a new way."""
    findings: list[Path]
    log: Path
    is_over: bool
    """Whether it ran to its end."""

    def __str__(self) -> str:
        """A line for each."""
        line = f"{self.name}: {self.executions} executions, {self.kept} inputs kept, {len(self.findings)} findings"
        if self.findings:
            return f"{line}: {' '.join(str(path.relative_to(CHECKOUT)) for path in self.findings)}"
        return line if self.is_over else f"{line}; it broke off, see {self.log.relative_to(CHECKOUT)}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Search, a target per core at a time, and say what was found."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if unknown := set(options.names) - set(NAMES):
        parser.error(f"there is no target {', '.join(sorted(unknown))}")
    if find_spec("atheris") is None:
        print("nothing is searched: atheris is not there for this Python on this machine", file=sys.stderr)
        return 1 if os.environ.get("CI") else 0
    with ThreadPoolExecutor(os.cpu_count()) as searches:
        outcomes = []
        names = options.names or NAMES
        for outcome in searches.map(lambda name: search(name, options.seconds, afresh=options.afresh), names):
            print(outcome, flush=True)
            outcomes.append(outcome)
    return 0 if all(outcome.is_over and not outcome.findings for outcome in outcomes) else 1


def search(name: str, seconds: int, *, afresh: bool) -> Outcome:
    """Run one target for so long."""
    directory, log = BUILD / name, BUILD / name / "log"
    corpus = directory / ("afresh" if afresh else "corpus")
    if afresh:
        shutil.rmtree(corpus, ignore_errors=True)
    corpus.mkdir(parents=True, exist_ok=True)
    before = set(_findings(directory))
    _sow(name, corpus)
    known = REGRESSIONS / name
    command = [
        *(sys.executable, "-m", "fuzz.hunt", name),
        *_dictionary(name, directory),
        f"-artifact_prefix={directory}{os.sep}",
        f"-max_total_time={seconds}",
        f"-max_len={_LONGEST_INPUT}",
        f"-timeout={_SLOWEST_INPUT_SECONDS}",
        "-print_final_stats=1",
        str(corpus),
        *([str(known)] if known.is_dir() else []),
    ]
    with log.open("wb") as output:
        try:
            done = subprocess.run(
                command, cwd=CHECKOUT, stdout=output, stderr=output, check=False, timeout=seconds + _GRACE_SECONDS
            )
            is_over = done.returncode == 0
        except subprocess.TimeoutExpired:
            is_over = False
    found = {key: int(value) for key, value in _STATISTIC.findall(log.read_text(errors="replace"))}
    return Outcome(
        name,
        found.get("number_of_executed_units", 0),
        found.get("new_units_added", 0),
        sorted(set(_findings(directory)) - before),
        log,
        is_over,
    )


def _sow(name: str, corpus: Path) -> None:
    for seed in load(name).seeds():
        (corpus / sha1(seed, usedforsecurity=False).hexdigest()).write_bytes(seed)


def _dictionary(name: str, directory: Path) -> list[str]:
    """The argument that names the target's words to libFuzzer, which refuses to know of none."""
    words = load(name).WORDS
    if not words:
        return []
    path = directory / "words"
    escaped = ("".join(f"\\x{byte:02x}" for byte in word) for word in words)
    path.write_text("".join(f'"{word}"\n' for word in escaped))
    return [f"-dict={path}"]


def _findings(directory: Path) -> list[Path]:
    return [path for kind in ("crash", "timeout", "oom", "leak") for path in directory.glob(f"{kind}-*")]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    parser.add_argument("--seconds", type=int, default=60, help="for each target; the default is 60")
    parser.add_argument("--afresh", action="store_true", help="begin with the seeds, not where the last search ended")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"targets; all of them: {', '.join(NAMES)}")
    return parser


if __name__ == "__main__":
    sys.exit(main())
