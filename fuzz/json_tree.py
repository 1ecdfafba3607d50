"""Changes JSON where it is a tree: most of what chance does to its text is no JSON any more."""

import copy
import json
from collections.abc import Iterator
from random import Random
from typing import Any, Final

_MOST_CHANGES: Final = 3
_LEAVES: Final[tuple[Any, ...]] = (
    *(None, True, False, 0, 1, -1, 2, 3, 51, 255, 256, 2**31, 2**63 - 1, 2**63, 2**64 - 1, 2**64, -(2**63), 10**30),
    *(0.0, 0.01, 0.1, 0.015, 40.95, 1e300, float("nan"), float("inf"), "", "x", "51", "\n", "\0", "\ud800", "é" * 20),
    *("192.0.2.1/24", "192.0.2.0/24", "198.51.100.7", "fe80::2/64", "fe80::2%x/64", "2001:db8::7", "::ffff:1.2.3.4/0"),
    *([], {}, [None], [[]], {"x": 1}),
)
_TEXTS: Final = tuple(leaf for leaf in _LEAVES if isinstance(leaf, str))

_Place = tuple[Any, Any]
"""A list with an index, or an object with a key."""


def changed(text: bytes, chance: Random) -> bytes | None:
    """The text of a tree that differs a little; None where it is no JSON."""
    try:
        tree = [json.loads(text)]
        for _ in range(chance.randint(1, _MOST_CHANGES)):
            _change(tree, chance)
        return json.dumps(tree[0] if tree else None).encode()
    except (ValueError, OverflowError, RecursionError):
        return None


def _change(root: list[Any], chance: Random) -> None:
    """Change one place: another value, none, a copy, another name, or a little more or less of what is there."""
    places = list(_places(root))
    if not places:
        return
    container, key = chance.choice(places)
    match chance.randrange(6):
        case 0:
            container[key] = copy.deepcopy(chance.choice(_LEAVES))
        case 1:
            del container[key]
        case 2:
            other, there = chance.choice(places)
            container[key] = copy.deepcopy(other[there])
        case 3 if isinstance(container, list):
            container.insert(key, copy.deepcopy(container[key]))
        case 4 if isinstance(container, dict):
            other, there = chance.choice(places)
            container[there if isinstance(there, str) else chance.choice(("x", "\ud800", ""))] = container.pop(key)
        case _ if isinstance(container[key], int | float):
            container[key] += chance.choice((-1, 1, 0.5, 1000))
        case _ if isinstance(container[key], str):
            at = chance.randrange(len(container[key]) + 1)
            container[key] = container[key][:at] + chance.choice(_TEXTS) + container[key][at:]
        case _:
            container[key] = [container[key]]


def _places(container: Any) -> Iterator[_Place]:
    keys = container.keys() if isinstance(container, dict) else range(len(container))
    for key in keys:
        yield container, key
        if isinstance(container[key], dict | list):
            yield from _places(container[key])
