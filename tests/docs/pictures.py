"""Pictures for the tutorial, from the protocol's own numbers: who hangs where, and when what happens in a failover.

`python -m tests.docs.pictures` draws them; a test keeps them current.
"""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Interface
from pathlib import Path
from typing import Final

from failover.vrrp import VirtualRouter, seconds, to_seconds
from failover.vrrp.protocol import PRIORITY_DEFAULT

DIRECTORY: Final = Path(__file__).parents[2] / "docs"
INK, GREY, GREEN, BLUE, RED = "#24292f", "#57606a", "#1a7f37", "#0969da", "#cf222e"
LEFT: Final = 130
SECOND: Final = 105
"""Units of the picture for a second."""
CRASH: Final = 1.4
"""Seconds, when the MASTER dies."""
ADDRESS: Final = "192.168.100.100"


def _frame(width: int, height: int, title: str, parts: Iterator[str]) -> str:
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img"'
        f' font-family="system-ui, sans-serif" font-size="14"><title>{title}</title>'
        # White also where the page is dark: pictures in pictures' colours.
        f'<rect width="{width}" height="{height}" rx="8" fill="#ffffff"/>'
    )
    return "\n".join([head, *parts, "</svg>", ""])


def _text(x: float, y: float, text: str, *, colour: str = INK, anchor: str = "middle", bold: bool = False) -> str:
    weight = ' font-weight="600"' if bold else ""
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}" fill="{colour}"{weight}>{text}</text>'


def _line(x: float, y: float, to_x: float, to_y: float, colour: str, width: float = 1.5, dash: str = "") -> str:
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    return f'<path d="M{x:.0f} {y:.0f}L{to_x:.0f} {to_y:.0f}" stroke="{colour}" stroke-width="{width}"{dashes}/>'


def _host(x: float, y: float, lines: tuple[str, ...], colour: str) -> Iterator[str]:
    yield (
        f'<rect x="{x - 95:.0f}" y="{y:.0f}" width="190" height="{26 + 20 * len(lines)}" rx="10" fill="#ffffff"'
        f' stroke="{colour}" stroke-width="3"/>'
    )
    for number, line in enumerate(lines):
        yield _text(x, y + 28 + 20 * number, line, bold=number == 0)


def topology() -> str:
    """Two hosts and a client on one LAN."""

    def parts() -> Iterator[str]:
        yield _line(60, 190, 740, 190, GREY, 6)
        yield _text(400, 222, "one LAN: advertisements by multicast, to 224.0.0.18", colour=GREY)
        yield from _host(160, 40, ("one: MASTER", "192.168.100.1", f"and {ADDRESS}"), GREEN)
        yield from _host(400, 40, ("two: BACKUP", "192.168.100.2"), BLUE)
        yield from _host(640, 40, ("client", f"asks {ADDRESS}"), GREY)
        for x, y in ((160, 126), (400, 106), (640, 106)):
            yield _line(x, y, x, 190, GREY, 3)

    return _frame(800, 240, "Two hosts and a client on one LAN; one is MASTER and has the virtual address", parts())


def timeline() -> str:
    """A MASTER dies; the BACKUP takes over after the master-down interval."""
    backup = VirtualRouter(
        vrid=51,
        addresses=(IPv4Interface(f"{ADDRESS}/24"),),
        primary_address=IPv4Address("192.168.100.2"),
        priority=PRIORITY_DEFAULT,
    )
    down = to_seconds(backup.master_down_interval(seconds(1)))
    takeover = 1 + down

    def at(time: float) -> float:
        return LEFT + SECOND * time

    def beats(y: float, times: tuple[float, ...], colour: str) -> Iterator[str]:
        for time in times:
            yield f'<circle cx="{at(time):.0f}" cy="{y:.0f}" r="6" fill="{colour}"/>'

    def parts() -> Iterator[str]:
        for number in range(7):
            yield _line(at(number), 40, at(number), 210, "#d0d7de", 1)
            yield _text(at(number), 232, f"{number} s", colour=GREY)
        for y, name in ((70, "one"), (120, "two"), (170, "the client")):
            yield _text(20, y + 5, name, anchor="start", bold=True)
        yield _line(at(0), 70, at(CRASH), 70, GREEN, 4)
        yield from beats(70, (0, 1), GREEN)
        yield _text(at(CRASH), 76, "✕", colour=RED, bold=True)
        yield _text(at(CRASH) + 14, 60, "dies", colour=RED, anchor="start")
        yield _line(at(0), 120, at(takeover), 120, BLUE, 4, "2 4")
        yield _line(at(takeover), 120, at(6.2), 120, GREEN, 4)
        yield from beats(120, (takeover, takeover + 1), GREEN)
        yield _line(at(1), 98, at(takeover), 98, GREY, 1)
        yield _text(at(1 + down / 2), 92, f"master-down interval: {down:g} s", colour=GREY)
        yield _text(at(6.2), 145, "advertises, adds the address, announces it", colour=GREEN, anchor="end")
        yield _line(at(0), 170, at(CRASH), 170, GREEN, 4)
        yield _line(at(CRASH), 170, at(takeover), 170, RED, 4, "2 4")
        yield _line(at(takeover), 170, at(6.2), 170, GREEN, 4)
        yield _text(at((CRASH + takeover) / 2), 192, f"no answer for {takeover - CRASH:.1f} s", colour=RED)

    return _frame(820, 250, "What happens when a MASTER dies, second by second", parts())


PICTURES: Final = {"topology.svg": topology, "timeline.svg": timeline}

if __name__ == "__main__":
    for name, draw in PICTURES.items():
        (DIRECTORY / name).write_text(draw())
