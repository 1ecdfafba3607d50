"""A state machine as an SVG picture: places by hand, arrows and their names from the transitions. No other use."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Final, NamedTuple

WIDTH: Final = 1000
HEIGHT: Final = 560
BOX: Final = (170, 56)


class Point(NamedTuple):
    """In the picture's units, from its upper left."""

    x: float
    y: float


PLACES: Final[Mapping[str, Point]] = {
    "INITIALIZE": Point(120, 180),
    "INITIALIZE (fault)": Point(120, 400),
    "BACKUP": Point(490, 290),
    "MASTER": Point(860, 290),
}
BENDS: Final[Mapping[tuple[str, str], Point]] = {
    ("INITIALIZE", "INITIALIZE (fault)"): Point(30, 290),
    ("INITIALIZE (fault)", "INITIALIZE"): Point(210, 290),
    ("INITIALIZE", "BACKUP"): Point(330, 195),
    ("BACKUP", "INITIALIZE"): Point(285, 265),
    ("INITIALIZE (fault)", "BACKUP"): Point(330, 385),
    ("BACKUP", "INITIALIZE (fault)"): Point(285, 320),
    ("BACKUP", "MASTER"): Point(675, 225),
    ("MASTER", "BACKUP"): Point(675, 365),
    ("INITIALIZE", "MASTER"): Point(500, 75),
    ("MASTER", "INITIALIZE"): Point(560, -10),
    ("INITIALIZE (fault)", "MASTER"): Point(500, 505),
    ("MASTER", "INITIALIZE (fault)"): Point(560, 590),
}
"""Where an arrow is drawn towards on its way."""


def draw(arrows: Mapping[tuple[str, str], Sequence[str]]) -> str:
    """The picture; `KeyError` for an arrow that has no place yet."""
    return "\n".join([*_head(), *_arrows(arrows), *map(_state, PLACES), "</svg>", ""])


def _head() -> Iterator[str]:
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"'
        ' font-family="system-ui, sans-serif" font-size="14">'
    )
    yield "<title>The states of a virtual router, and the causes that lead from one to the other</title>"
    yield (
        '<defs><marker id="tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8"'
        ' orient="auto"><path d="M0 0 10 5 0 10z" fill="#57606a"/></marker></defs>'
    )
    yield f'<rect width="{WIDTH}" height="{HEIGHT}" rx="8" fill="#ffffff"/>'


def _arrows(arrows: Mapping[tuple[str, str], Sequence[str]]) -> Iterator[str]:
    for (source, target), causes in arrows.items():
        if source == target:
            yield from _loop(PLACES[source], causes)
            continue
        bend = BENDS[source, target]
        start, end = _edge(PLACES[source], bend), _edge(PLACES[target], bend)
        yield _path(f"M{start.x:.0f} {start.y:.0f}Q{bend.x:.0f} {bend.y:.0f} {end.x:.0f} {end.y:.0f}")
        # the middle of the curve
        yield from _name(Point((start.x + 2 * bend.x + end.x) / 4, (start.y + 2 * bend.y + end.y) / 4), causes)


def _loop(at: Point, causes: Sequence[str]) -> Iterator[str]:
    low = at.y + BOX[1] / 2
    yield _path(f"M{at.x - 25} {low:.0f}C{at.x - 45} {low + 55:.0f} {at.x + 45} {low + 55:.0f} {at.x + 25} {low:.0f}")
    yield from _name(Point(at.x, low + 44), causes)


def _path(shape: str) -> str:
    return f'<path d="{shape}" fill="none" stroke="#57606a" stroke-width="1.5" marker-end="url(#tip)"/>'


def _name(at: Point, causes: Sequence[str]) -> Iterator[str]:
    width, height = max(map(len, causes)) * 7.6 + 8, 18 * len(causes)
    left, top = at.x - width / 2, at.y - height / 2
    yield f'<rect x="{left:.0f}" y="{top:.0f}" width="{width:.0f}" height="{height}" fill="#ffffff"/>'
    for number, line in enumerate(causes):
        yield (
            f'<text x="{at.x:.0f}" y="{top + 18 * number + 14:.0f}" text-anchor="middle" fill="#24292f">'
            f"{escape(line)}</text>"
        )


def _state(name: str) -> str:
    at, (width, height) = PLACES[name], BOX
    colour = {"MASTER": "#1a7f37", "BACKUP": "#0969da"}.get(name, "#6e7781")
    return (
        f'<rect x="{at.x - width / 2:.0f}" y="{at.y - height / 2:.0f}" width="{width}" height="{height}" rx="10"'
        f' fill="#ffffff" stroke="{colour}" stroke-width="3"/>'
        f'<text x="{at.x:.0f}" y="{at.y + 5:.0f}" text-anchor="middle" font-weight="600" fill="#24292f">{name}</text>'
    )


def _edge(centre: Point, towards: Point) -> Point:
    """Where the way from the centre of a state leaves its box."""
    x, y = towards.x - centre.x, towards.y - centre.y
    reach = min(BOX[0] / 2 / abs(x) if x else 1e9, BOX[1] / 2 / abs(y) if y else 1e9)
    return Point(centre.x + x * reach, centre.y + y * reach)
