"""The process in which one target runs until its time is over: `python -m fuzz.hunt NAME [libFuzzer's arguments]`."""

import sys
from collections.abc import Callable
from random import Random
from typing import Final

import atheris

from fuzz.targets import Mutate, load, mutation

_FOLLOWED: Final = ["failover", "h11"]
"""Packages of which an input that goes a new way is kept."""

_OWN_SHARE: Final = 0.5


def main() -> None:
    """Does not return: libFuzzer ends the process."""
    name, *arguments = sys.argv[1:]
    with atheris.instrument_imports(include=_FOLLOWED):
        target = load(name)
    mutate = mutation(target)
    if mutate is None:
        atheris.Setup([name, *arguments], target.one)
    else:
        # One change at a time: libFuzzer makes five, and one of its own is enough to spoil what the others were to be.
        atheris.Setup([name, "-mutate_depth=1", *arguments], target.one, custom_mutator=_by_turns(mutate))
    atheris.Fuzz()


def _by_turns(mutate: Mutate) -> Callable[[bytes, int, int], bytes]:
    """The target's own way as often as libFuzzer's."""

    def custom(data: bytes, longest: int, seed: int) -> bytes:
        chance = Random(seed)  # noqa: S311 - nothing secret
        found = mutate(data, chance) if chance.random() < _OWN_SHARE else None
        mutated: bytes = found if found is not None and len(found) <= longest else atheris.Mutate(data, longest)
        return mutated

    return custom


if __name__ == "__main__":
    main()
