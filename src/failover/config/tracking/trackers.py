"""The trackers of the long form: for each type a struct, with its settings and their documentation.

A tracker says whether something is well. What that means for a virtual router is the setting `track` (`track`).
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

import msgspec
from msgspec.structs import force_setattr

from failover.config.checking.built import Built
from failover.config.checking.draft import Draft
from failover.config.checking.examine import examine
from failover.config.checking.names import LONGEST_INTERFACE_NAME, LONGEST_NAME, check_interface_name, check_name
from failover.config.checking.problems import ConfigError, Problem, show, within
from failover.config.checking.settings import Setting, about, nearest, settings_of
from failover.config.checking.syntax import JsonObject, repeated
from failover.config.checking.values import kind_of

TYPE: Final = "type"
"""The key that says which type a tracker has."""
MOST_TRACKERS: Final = 1000


class InterfaceTracker(msgspec.Struct, frozen=True, kw_only=True, tag_field=TYPE, tag="interface", metaclass=Built):
    """Whether a network interface is up and has a carrier. Raises `ConfigError` naming every field that is wrong."""

    name: Annotated[
        str,
        about(
            "Names the tracker in `track`, status and logs.",
            f"1 to {LONGEST_NAME} printable characters, each name once",
            check=check_name,
            min_length=1,
            max_length=LONGEST_NAME,
        ),
    ]
    interface_name: Annotated[
        str,
        about(
            "The interface that must exist, be up, and have a carrier. It needs no address.",
            f"1 to {LONGEST_INTERFACE_NAME} bytes without spaces, / or :",
            check=check_interface_name,
            min_length=1,
            max_length=LONGEST_INTERFACE_NAME,
        ),
    ]

    def __post_init__(self) -> None:
        draft = examine(TRACKER_SETTINGS["interface"], msgspec.structs.asdict(self))
        if draft.problems:
            raise ConfigError("InterfaceTracker", draft.problems)
        for name, value in draft.values.items():
            force_setattr(self, name, value)


Tracker = InterfaceTracker

_BY_TYPE: Final[Mapping[str, type[Tracker]]] = {"interface": InterfaceTracker}
TRACKER_SETTINGS: Final[Mapping[str, Mapping[str, Setting]]] = {
    kind: settings_of(struct) for kind, struct in _BY_TYPE.items()
}
"""By type, the settings of a tracker beside `type`, by name, in the order of the documentation."""
TYPES: Final = ", ".join(f'"{kind}"' for kind in _BY_TYPE)
"""The types of trackers that there are."""


def trackers(value: object, path: str, problems: list[Problem]) -> tuple[Tracker, ...]:
    """The good ones of what the file has in the place of trackers; what is wrong with the others is added."""
    if not isinstance(value, list):
        problems.append(Problem(path, show(value), f"is {kind_of(value)}, not a list", "a list of trackers"))
        return ()
    if len(value) > MOST_TRACKERS:
        problems.append(Problem(path, "", f"lists {len(value)} trackers", f"at most {MOST_TRACKERS}"))
        return ()
    found = [
        tracker for index, entry in enumerate(value) if (tracker := _tracker(entry, within(path, index), problems))
    ]
    check_names(found, path, problems)
    return tuple(found)


def check_names(some: Sequence[Tracker], path: str, problems: list[Problem]) -> None:
    """Add a problem for each tracker with a name that an earlier one has."""
    taken: set[str] = set()
    for index, tracker in enumerate(some):
        if tracker.name in taken:
            place = within(within(path, index), "name")
            problems.append(Problem(place, show(tracker.name), "is already the name of a tracker", "each name once"))
        taken.add(tracker.name)


def _tracker(entry: object, path: str, problems: list[Problem]) -> Tracker | None:
    if not isinstance(entry, JsonObject):
        problems.append(Problem(path, show(entry), f"is {kind_of(entry)}, not an object", "a tracker"))
        return None
    kind = entry.get(TYPE)
    if not isinstance(kind, str) or kind not in _BY_TYPE:
        problems.append(_no_type(entry, path))
        return None
    draft = _draft(kind, entry, path)
    problems += repeated(entry, path) + draft.problems
    return None if draft.problems else _BY_TYPE[kind](**draft.values)


def _draft(kind: str, entry: Mapping[str, Any], path: str) -> Draft:
    return examine(TRACKER_SETTINGS[kind], {key: value for key, value in entry.items() if key != TYPE}, path)


def _no_type(entry: JsonObject, path: str) -> Problem:
    path = within(path, TYPE)
    if TYPE not in entry:
        return Problem(path, "", "missing", TYPES)
    kind = entry[TYPE]
    meant = nearest(kind, _BY_TYPE) if isinstance(kind, str) else None
    return Problem(path, show(kind), "is no type of tracker", TYPES, f'did you mean "{meant}"?' if meant else None)


def written(tracker: Tracker) -> dict[str, Any]:
    """A tracker as the file has it."""
    return {TYPE: tracker.__struct_config__.tag, **msgspec.structs.asdict(tracker)}
