"""The table: whole where there is room, and shorter where there is not, but never with a broken value."""

import re
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from failover.cli.terminal.table import Cell, Column, render, width_of

HEADER = (Column(("NAME",), 0), Column(("LONG TITLE", "LT"), 1), Column(("C",), 3), Column(("D",), 2))
ROWS: list[tuple[Cell, ...]] = [
    (("one",), ("first, second", "first"), ("c1",), ("d",)),
    (("fourteen",), ("1",), ("c22",), ("-",)),
]

WHOLE = ["NAME      LONG TITLE     C    D", "one       first, second  c1   d", "fourteen  1              c22  -"]

words = st.text("abc.:/-0123456789äß漢", min_size=1, max_size=43)
cells = st.lists(words, min_size=1, max_size=3).map(lambda forms: tuple(sorted(forms, key=width_of, reverse=True)))


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[Column], list[list[Cell]]]:
    count = draw(st.integers(1, 9))
    header = [Column(draw(cells), draw(st.integers(0, 5))) for _ in range(count)]
    rows = draw(st.lists(st.lists(cells, min_size=count, max_size=count), max_size=6))
    return header, rows


def least(header: Sequence[Column], rows: Sequence[Sequence[Cell]]) -> int:
    """The columns that always stay, in their shortest forms, with two blanks between them."""
    columns = [(head.title, *column) for head, *column in zip(header, *rows, strict=True) if head.rank == 0]
    narrowest = [
        min(
            max(width_of(cell[min(number, len(cell) - 1)]) for cell in column)
            for number in range(max(map(len, column)))
        )
        for column in columns
    ]
    return sum(narrowest) + 2 * (len(narrowest) - 1)


@given(tables(), st.integers(40, 200))
def test_no_line_is_longer_than_the_width_where_that_is_possible(
    table: tuple[list[Column], list[list[Cell]]], width: int
) -> None:
    lines = render(*table, width)
    assert len(lines) == 1 + len(table[1])
    assert max(map(width_of, lines)) <= max(width, least(*table))


@given(tables(), st.integers(40, 200))
def test_every_value_that_is_shown_is_one_of_the_forms_of_its_cell(
    table: tuple[list[Column], list[list[Cell]]], width: int
) -> None:
    header, rows = table
    columns = [(head.title, *column) for head, *column in zip(header, *rows, strict=True)]
    lines = [re.split(" {2,}", line.rstrip()) for line in render(header, rows, width)]
    rest = iter(columns)
    shown = lines[0] if lines[0] != [""] else []
    kept = [next(column for column in rest if title in column[0]) for title in shown]
    for number, line in enumerate(lines):
        if line == [""]:
            continue
        assert len(line) == len(kept)
        assert all(value in column[number] for value, column in zip(line, kept, strict=True))


@given(tables())
def test_without_a_width_all_of_it_is_there(table: tuple[list[Column], list[list[Cell]]]) -> None:
    header, rows = table
    full = [[head.title[0] for head in header], *([cell[0] for cell in row] for row in rows)]
    assert [re.split(" {2,}", line) for line in render(header, rows, None)] == full


@pytest.mark.parametrize(
    ("width", "lines"),
    [
        (
            None,
            ["NAME      LONG TITLE     C    D", "one       first, second  c1   d", "fourteen  1              c22  -"],
        ),
        (31, ["NAME      LONG TITLE     C    D", "one       first, second  c1   d", "fourteen  1              c22  -"]),
        (30, ["NAME      LT     C    D", "one       first  c1   d", "fourteen  1      c22  -"]),
        (23, ["NAME      LT     C    D", "one       first  c1   d", "fourteen  1      c22  -"]),
        (22, ["NAME      LT     D", "one       first  d", "fourteen  1      -"]),
        (17, ["NAME      LT", "one       first", "fourteen  1"]),
        (11, ["NAME      D", "one       d", "fourteen  -"]),
        (8, ["NAME", "one", "fourteen"]),
        (5, ["NAME", "one", "fourteen"]),
    ],
)
def test_columns_get_shorter_and_then_go_those_of_the_highest_rank_first(width: int | None, lines: list[str]) -> None:
    assert render(HEADER, ROWS, width) == lines


def test_wide_and_combining_characters_take_the_cells_that_they_take() -> None:
    rows: list[tuple[Cell, ...]] = [(("漢字",), ("x",)), (("e\u0301",), ("y",))]
    assert render([Column(("A",), 0), Column(("B",), 0)], rows, 80) == ["A     B", "漢字  x", "e\u0301     y"]
