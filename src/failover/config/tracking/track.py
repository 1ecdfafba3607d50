"""The setting `track` of a virtual router: which trackers it follows, and what it makes of each."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from failover.config.checking.names import LONGEST_NAME
from failover.config.checking.problems import Problem, show, within
from failover.config.checking.settings import Nested, about, nearest
from failover.config.checking.syntax import BadNumber, repeated
from failover.config.checking.values import kind_of

MOST_TRACKED: Final = 32
"""By one virtual router."""
HEAVIEST: Final = 253
"""From the lowest priority to the highest."""
_KEYS: Final = ("tracker", "weight")
_FORM: Final = '"NAME" or {"tracker": "NAME", "weight": NUMBER}'
_WEIGHTS: Final = f"-{HEAVIEST} to {HEAVIEST} without 0; no weight means fault"


class Track(msgspec.Struct, frozen=True, omit_defaults=True):
    """That a virtual router follows a tracker."""

    tracker: str
    """Its name."""
    weight: int | None = None
    """What is added to the priority: a negative one while the tracker fails, a positive one while it does not.

    None: the virtual router has a fault while the tracker fails.
    """


def _tracks(value: object, path: str) -> tuple[tuple[Track, ...] | None, list[Problem]]:
    allowed = f"a list of {_FORM}"
    if not isinstance(value, list | tuple):
        meant = f"did you mean [{show(value)}]?" if isinstance(value, str) else None
        return None, [Problem(path, show(value), f"is {kind_of(value)}, not a list", allowed, meant)]
    if len(value) > MOST_TRACKED:
        return None, [Problem(path, "", f"lists {len(value)} trackers", f"at most {MOST_TRACKED}")]
    problems: list[Problem] = []
    found: dict[str, Track] = {}
    for index, entry in enumerate(value):
        track, wrong = _track(entry, within(path, index))
        problems += wrong
        if track is not None and track.tracker in found:
            problems.append(
                Problem(within(path, index), show(track.tracker), "is tracked already", "each tracker once")
            )
        elif track is not None:
            found[track.tracker] = track
    return (None if problems else tuple(found.values())), problems


def _track(entry: object, path: str) -> tuple[Track | None, list[Problem]]:
    if isinstance(entry, Track):
        entry = {"tracker": entry.tracker} if entry.weight is None else msgspec.structs.asdict(entry)
    if isinstance(entry, str):
        return (Track(entry), []) if entry else (None, [Problem(path, '""', "is empty", _FORM)])
    if not isinstance(entry, Mapping):
        shown = str(entry) if isinstance(entry, BadNumber) else show(entry)
        return None, [Problem(path, shown, f"is {kind_of(entry)}, not a string or an object", _FORM)]
    problems = [_unknown(within(path, key), key) for key in entry if key not in _KEYS] + repeated(entry, path)
    name, weight = entry.get("tracker"), entry.get("weight")
    if not isinstance(name, str) or not name:
        place = within(path, "tracker")
        missing = Problem(place, "", "missing", "the name of a tracker")
        problems.append(Problem(place, show(name), "is no name", "the name of a tracker") if name else missing)
    if "weight" in entry and not _is_weight(weight):
        shown = str(weight) if isinstance(weight, BadNumber) else show(weight)
        problems.append(Problem(within(path, "weight"), shown, "is no weight", _WEIGHTS))
    return (None, problems) if problems else (Track(str(name), weight), [])


def _is_weight(value: object) -> bool:
    return type(value) is int and 0 < abs(value) <= HEAVIEST


def _unknown(path: str, key: str) -> Problem:
    meant = nearest(key, _KEYS)
    return Problem(path, "", "unknown key", ", ".join(_KEYS), f'did you mean "{meant}"?' if meant else None)


_NAME: Final = {"type": "string", "minLength": 1, "maxLength": LONGEST_NAME}
_JSON_SCHEMA: Final[Mapping[str, Any]] = {
    "type": "array",
    "maxItems": MOST_TRACKED,
    "items": {
        "anyOf": [
            _NAME,
            {
                "type": "object",
                "required": ["tracker"],
                "properties": {
                    "tracker": _NAME,
                    "weight": {
                        "anyOf": [
                            {"type": "integer", "minimum": -HEAVIEST, "maximum": -1},
                            {"type": "integer", "minimum": 1, "maximum": HEAVIEST},
                        ]
                    },
                },
                "additionalProperties": False,
            },
        ]
    },
    "default": [],
}

TRACK: Final = about(
    "The trackers that the virtual router follows. While one with a weight below 0 fails, the weight lowers the"
    " priority; while one with a weight above 0 is well, the weight raises it. While one without a weight fails, this"
    " host gives up the addresses.",
    f"a list of {_FORM}; the weight is {_WEIGHTS}",
    default_text="[]",
    check=Nested(_tracks, _JSON_SCHEMA),
)
"""What the setting is, for the struct that has it."""
