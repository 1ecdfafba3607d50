"""The targets by name, and the inputs that are kept of each."""

from collections.abc import Callable, Iterable
from importlib import import_module
from pathlib import Path
from random import Random
from typing import Final, Protocol, cast

NAMES: Final = ("advertisement", "signed", "datagram", "rtnetlink", "configuration", "control_socket", "messages")

REGRESSIONS: Final = Path(__file__).parent / "regressions"


class Target(Protocol):
    """What the module of a target has."""

    WORDS: tuple[bytes, ...]
    """What its inputs are made of and chance would hardly spell."""

    def seeds(self) -> Iterable[bytes]:
        """Real inputs, to begin with."""

    def one(self, data: bytes) -> None:
        """Raise where the invariant does not hold for this input."""


def load(name: str) -> Target:
    """The module of a target."""
    return cast(Target, import_module(f"fuzz.{name}"))


Mutate = Callable[[bytes, Random], bytes | None]
"""Another input that is much like the one given; None where this does not know how."""


def mutation(target: Target) -> Mutate | None:
    """How a target changes its inputs, where it has a better way than chance: its function `mutate`."""
    return cast(Mutate | None, getattr(target, "mutate", None))


def regressions(name: str) -> list[Path]:
    """Inputs of a target that failed once."""
    return sorted((REGRESSIONS / name).glob("*"))
