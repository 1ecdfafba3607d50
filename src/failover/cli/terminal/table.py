"""A table as lines of text that fit a width. Columns get shorter, or are left out; no value is ever broken."""

import unicodedata
from collections.abc import Sequence
from typing import Final, NamedTuple

Cell = tuple[str, ...]
"""What a cell says: the full form first, then shorter and shorter ones, if there are any."""

GAP: Final = 2
"""Blanks between two columns."""


class Column(NamedTuple):
    """The head of a column."""

    title: Cell
    rank: int
    """0 for a column that always stays. Of the others, those with the highest rank are left out first."""


def render(header: Sequence[Column], rows: Sequence[Sequence[Cell]], width: int | None) -> list[str]:
    """The lines of the table, the header first: one a row.

    With `width` None everything is there in full. Else no line is longer than `width`, unless the columns of rank 0
    alone are too wide: these are never left out.
    """
    columns = [(head.title, *cells) for head, *cells in zip(header, *rows, strict=True)]
    forms = [[[_form(cell, number) for cell in cells] for number in range(max(map(len, cells)))] for cells in columns]
    widths = [[max(map(width_of, form)) for form in column] for column in forms]
    chosen = _fit(widths, [head.rank for head in header], width)
    shown = [(forms[index][number], widths[index][number]) for index, number in sorted(chosen.items())]
    padded = ([_padded(text, room) for text in form] for form, room in shown)
    return [(" " * GAP).join(line).rstrip() for line in zip(*padded, strict=True)]


def width_of(text: str) -> int:
    """The cells of a terminal that a text takes: two for a wide character, none for a combining one."""
    if text.isascii():
        return len(text)
    return sum(map(_width_of_character, text))


def _fit(widths: Sequence[Sequence[int]], ranks: Sequence[int], width: int | None) -> dict[int, int]:
    """The columns that are shown, each with the number of its form."""
    if width is None:
        return dict.fromkeys(range(len(widths)), 0)
    order = sorted(range(len(widths)), key=lambda index: ranks[index])
    chosen: dict[int, int] = {}
    used = -GAP
    for index in order:
        narrowest = len(widths[index]) - 1
        wanted = used + GAP + widths[index][narrowest]
        if ranks[index] == 0 or wanted <= width:
            chosen[index], used = narrowest, wanted
    for index in filter(chosen.__contains__, order):
        others = used - widths[index][chosen[index]]
        fitting = (number for number, wanted in enumerate(widths[index]) if others + wanted <= width)
        chosen[index] = next(fitting, chosen[index])
        used = others + widths[index][chosen[index]]
    return chosen


def _form(cell: Cell, number: int) -> str:
    return cell[min(number, len(cell) - 1)]


def _padded(text: str, width: int) -> str:
    return text + " " * (width - width_of(text))


def _width_of_character(character: str) -> int:
    if unicodedata.category(character) in {"Mn", "Me"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
