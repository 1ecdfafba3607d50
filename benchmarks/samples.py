"""What a profile of `perf` says: where a process was, sample by sample, and how that is spread."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_SAMPLE: Final = re.compile(r"\s*[0-9a-f]+ (.*) \((.*)\)")
"""`perf script -F ip,sym,dso`."""
_PARTS: Final = (
    (re.compile(r"\[(kernel|guest)|\.ko"), "kernel"),
    (re.compile(r"_ctypes\.|libffi"), "ctypes"),
    (re.compile(r"python3|\.cpython-"), "Python interpreter"),
    (re.compile(r"libc[.-]|ld-linux|\[vdso\]|libm[.-]|libpthread"), "C library"),
)
OTHER: Final = "its own code"
PARTS: Final = (*(part for _, part in _PARTS), OTHER)


@dataclass(frozen=True, slots=True)
class Sample:
    """One of them."""

    function: str
    """As far as the program has names for its functions: a distribution's have few."""
    part: str
    """One of `PARTS`."""


def parse(text: str) -> list[Sample]:
    """The output of `perf script`; other lines are skipped."""
    found = (_SAMPLE.fullmatch(line) for line in text.splitlines())
    return [Sample(one[1], part_of(one[2])) for one in found if one]


def part_of(image: str) -> str:
    """Whose code is in a file, by its name."""
    name = image.rpartition("/")[2]
    return next((part for pattern, part in _PARTS if pattern.search(name)), OTHER)


def shares(samples: Sequence[Sample]) -> dict[str, float]:
    """Of each part, 0 to 1."""
    counts = Counter(sample.part for sample in samples)
    return {part: counts[part] / len(samples) for part in PARTS}


def peaks(samples: Sequence[Sample], most: int) -> list[tuple[str, float]]:
    """The functions in which most samples are, and their shares; code without a name is none."""
    named = Counter(sample.function for sample in samples if sample.function != "[unknown]")
    return [(function, count / len(samples)) for function, count in named.most_common(most)]
