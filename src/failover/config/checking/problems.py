"""`ConfigError` and its `Problem`s: the report of what is wrong with a configuration.

All of a report's format is here. What a setting means is not known here.
"""

import json
import re
from collections.abc import Iterable
from typing import Final

import msgspec

LONGEST_SHOWN: Final = 60
"""The most characters of a bad value or key that a report shows."""

MOST_BITS_SHOWN: Final = 128
"""An integer with more bits is described, not printed."""

_PLAIN_KEY: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,59}\Z")


class Problem(msgspec.Struct, frozen=True):
    """One thing that is wrong with a configuration."""

    path: str
    """Where: a JSON path such as `$[0].vrid`, a line and column, or empty for the whole file."""
    value: str
    """The bad value as JSON text, shortened; empty where the message needs none."""
    message: str
    """What is wrong, as the end of a sentence that begins with the value: `300` `is out of range`."""
    allowed: str = ""
    """What would be right, such as `1 to 255`."""
    suggestion: str | None = None
    """What was probably meant, or a remedy, such as `did you mean "vrid"?`."""

    def __str__(self) -> str:
        """One line: `$[0].vrid: 300 is out of range; allowed: 1 to 255`."""
        line = f"{self.path}: " if self.path else ""
        line += f"{self.value} {self.message}" if self.value else self.message
        if self.allowed:
            line += f"; allowed: {self.allowed}"
        if self.suggestion:
            line += f"; {self.suggestion}"
        return line


class ConfigError(ValueError):
    """A configuration that cannot be used. It lists everything that is wrong, and `str()` is the report."""

    def __init__(self, where: str, problems: Iterable[Problem]) -> None:
        self.where = where
        """The path of the file, or the name of the object that was built in code."""
        self.problems = tuple(problems)
        super().__init__(where, self.problems)

    def __str__(self) -> str:
        """The report: a heading and a line for each problem."""
        count = len(self.problems)
        heading = f"{self.where}: {count} problem{'' if count == 1 else 's'}"
        return "\n  ".join((heading, *map(str, self.problems)))


def kind_of(value: object) -> str:
    """What a value of Python is: `a dict`, `an int`."""
    kind = type(value).__name__
    return f"an {kind}" if kind[0] in "aeiou" else f"a {kind}"


def within(path: str, key: str | int) -> str:
    """The JSON path of `key` inside the value at `path`. `path` is empty for a value built in code."""
    if isinstance(key, int):
        return f"{path}[{key}]"
    if not _PLAIN_KEY.match(key):
        return f"{path}[{show(key)}]"
    return f"{path}.{key}" if path else key


def show(value: object) -> str:
    """`value` as JSON text of bounded length, pure ASCII; lists and objects without their contents."""
    match value:
        case list() | tuple():
            return "[...]" if value else "[]"
        case dict():
            return "{...}" if value else "{}"
        case int() if value.bit_length() > MOST_BITS_SHOWN:
            return "a huge number"
        case str():
            return clip(json.dumps(value[: LONGEST_SHOWN + 1]))
        case None | bool() | int() | float():
            return json.dumps(value)
    return clip(ascii(value))


def clip(text: str) -> str:
    """`text`, cut at `LONGEST_SHOWN` characters."""
    return text if len(text) <= LONGEST_SHOWN else text[:LONGEST_SHOWN] + "..."
