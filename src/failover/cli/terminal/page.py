"""A table and the sentences below it as one page: wrapped, coloured, and cut where the window is too low for it."""

import os
import textwrap
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import click

from failover.cli.terminal.table import width_of


class Window(NamedTuple):
    """What a page must fit."""

    columns: int
    lines: int | None = None
    """None where it may be of any height, because the terminal scrolls."""


class Line(NamedTuple):
    """A line of a table, and how it looks."""

    text: str
    colour: str | None = None
    bold: bool = False


def compose(table: Sequence[Line], sentences: Sequence[str], window: Window | None) -> str:
    """The page. Without a window it is plain text, all of it."""
    if window is None:
        return "\n".join((*(line.text for line in table), *sentences))
    wrapped = [piece for sentence in sentences for piece in _wrapped(sentence, window.columns)]
    said = [Line(piece) for piece in wrapped]
    if window.lines is None:
        return "\n".join(map(_painted, (*table, *said)))
    room = max(window.lines - _height(said, window.columns), (window.lines + 1) // 2)
    listed = _cut(table, room, window.columns, "virtual routers")
    left = window.lines - _height(listed, window.columns)
    return "\n".join(map(_painted, (*listed, *_cut(said, left, window.columns, "lines"))))


def _cut(lines: Sequence[Line], room: int, columns: int, what: str) -> list[Line]:
    """The first lines, as many as fit; where some do not, the last line says how many."""
    if _height(lines, columns) <= room:
        return list(lines)
    fitting = list(_fitting(lines, room - 1, columns))
    return [*fitting, Line(f"... and {len(lines) - len(fitting)} more {what}")] if room > 0 else []


def _fitting(lines: Sequence[Line], room: int, columns: int) -> Iterator[Line]:
    for line in lines:
        room -= _height([line], columns)
        if room < 0:
            return
        yield line


def _height(lines: Sequence[Line], columns: int) -> int:
    """The lines of the terminal that these take, which breaks those that are too long."""
    return sum(max(-(-width_of(line.text) // columns), 1) for line in lines)


def _wrapped(sentence: str, columns: int) -> list[str]:
    """A sentence in lines that fit, broken at blanks alone: never inside an address."""
    if width_of(sentence) <= columns:
        return [sentence]
    indent = "  " if columns > 2 else ""
    return textwrap.wrap(sentence, columns, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def _painted(line: Line) -> str:
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") in {"dumb", "unknown"}:
        return line.text
    return click.style(line.text, fg=line.colour, bold=line.bold or None) if line.colour or line.bold else line.text
