"""Writes the text of a demonstration: lines with relative times, and a table of measurements beside the theory.

Coloured on a terminal, unless the environment has NO_COLOR; plain elsewhere.
"""

import os
import time
from collections.abc import Sequence
from typing import Final, TextIO

import click

NANOSECONDS: Final = 1_000_000_000


class Timeline:
    """Writes lines to `out` as they come. Times are relative to the first event."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._zero: int | None = None
        self._coloured = out.isatty() and not os.environ.get("NO_COLOR")

    def say(self, text: str, style: str = "") -> None:
        """Write a line without a time. `style` has `bold`, a colour of click, or both."""
        if self._coloured and style:
            words = style.split()
            colour = next((word for word in words if word != "bold"), None)
            text = click.style(text, fg=colour, bold="bold" in words)
        print(text, file=self._out, flush=True)

    def event(self, text: str, at: int | None = None, style: str = "") -> None:
        """Write a line about something that happened at the wall-clock time `at` in nanoseconds, or now."""
        when = time.time_ns() if at is None else at
        if self._zero is None:
            self._zero = when
        self.say(f"{(when - self._zero) / NANOSECONDS:9.3f} s  {text}", style)

    def table(self, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Write a table. The first column is aligned to the left, the others to the right."""
        widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
        for number, row in enumerate((header, *rows)):
            first, *rest = (
                cell.ljust(width) if index == 0 else cell.rjust(width)
                for index, (cell, width) in enumerate(zip(row, widths, strict=True))
            )
            self.say("  ".join((first, *rest)).rstrip(), "bold" if number == 0 else "")


def seconds(nanoseconds: int) -> str:
    """A duration in nanoseconds as seconds for people, to a tenth of a millisecond."""
    return f"{nanoseconds / NANOSECONDS:.4f} s"
