"""A table on standard output: on a terminal with `rich`, coloured and fitted to the width; elsewhere plain text."""

import sys
from collections.abc import Sequence

import click

Row = Sequence[str]


def render(header: Row, rows: Sequence[Row], styles: Sequence[str]) -> str:
    """The table as text. `styles` has a rich style for each row, which may be empty."""
    return _coloured(header, rows, styles) if sys.stdout is not None and sys.stdout.isatty() else _plain(header, rows)


def _plain(header: Row, rows: Sequence[Row]) -> str:
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    lines = ("  ".join(map(str.ljust, row, widths)).rstrip() for row in (header, *rows))
    return "\n".join(lines)


def _coloured(header: Row, rows: Sequence[Row], styles: Sequence[str]) -> str:
    # For a terminal only: rich takes as long to import as everything else.
    from rich.console import Console  # noqa: PLC0415 - see above
    from rich.table import Table  # noqa: PLC0415 - see above
    from rich.text import Text  # noqa: PLC0415 - see above

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for title in header:
        table.add_column(title, overflow="fold")
    for row, style in zip(rows, styles, strict=True):
        table.add_row(*map(Text, row), style=style)
    console = Console()
    with console.capture() as captured:
        console.print(table)
    return captured.get().rstrip("\n")


def write(text: str, *, afresh: bool = False) -> None:
    """Print text. With `afresh`, clear the terminal first, if standard output is one."""
    clear = "\033[H\033[2J\033[3J" if afresh and sys.stdout is not None and sys.stdout.isatty() else ""
    click.echo(clear + text)
