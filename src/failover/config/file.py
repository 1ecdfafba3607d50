"""Reads the configuration file, in any of its three shapes, to a `Configuration`; or refuses it as a whole.

A file is one virtual router, a list of them, or the long form: an object with `virtual_routers`, with `trackers` where
there are any, and with `daemon` where the daemon's own settings are not the defaults.
"""

from collections import Counter
from collections.abc import Callable
from os import PathLike, fspath
from typing import Any, Final

from failover.config.authentication.loading import load_secrets
from failover.config.authentication.secret_files import Read, read_secret
from failover.config.checking.draft import Draft
from failover.config.checking.examine import examine, unknown_key
from failover.config.checking.problems import ConfigError, Problem, show, within
from failover.config.checking.settings import nearest
from failover.config.checking.syntax import LARGEST_FILE, BadNumber, JsonObject, read_tree, repeated
from failover.config.checking.values import kind_of
from failover.config.configuration import Configuration, no_virtual_router
from failover.config.daemon_settings import DAEMON_SETTINGS, DaemonSettings
from failover.config.reading import read
from failover.config.router import SETTINGS, VirtualRouter, default_name
from failover.config.rules.clashes import check_clashes
from failover.config.rules.entry import check_rules
from failover.config.rules.tracking import check_tracking
from failover.config.tracking.trackers import Tracker, trackers

ROUTERS: Final = "virtual_routers"
TRACKERS: Final = "trackers"
DAEMON: Final = "daemon"

LONG_FORM: Final[dict[str, str]] = {
    ROUTERS: "a list of virtual routers",
    TRACKERS: "a list of trackers",
    DAEMON: "an object with the daemon's settings",
}
"""The keys of the long form and what each takes."""

_SHAPES: Final = "a virtual router, a list of them, or an object with virtual_routers"


def load(
    path: str | PathLike[str], was_read: Callable[[], object] = lambda: None, read_secret: Read = read_secret
) -> Configuration:
    """The configuration in a file. Raises `ConfigError` with everything that is wrong, also where it cannot be read.

    `was_read` is called in between: the file is read, and nothing of what it says was looked at. `read_secret` then
    reads the files of passwords.
    """
    try:
        data = read(path, LARGEST_FILE + 1)
    except OSError as error:
        message = f"cannot be read: {error.strerror or error}"
        raise ConfigError(fspath(path), (Problem("", "", message),)) from error
    was_read()
    return parse(data, fspath(path), read_secret)


def parse(text: str | bytes, where: str = "configuration", read_secret: Read = read_secret) -> Configuration:
    """The configuration that `text` says. Raises `ConfigError` with everything that is wrong; it calls it `where`."""
    problems: list[Problem] = []
    tree = read_tree(text, where)
    drafts = [
        draft for path, entry in _entries(tree, problems) if (draft := _draft(path, entry, problems, read_secret))
    ]
    tracked = _trackers(tree, problems)
    own = _daemon(tree, problems)
    _name(drafts)
    check_clashes(drafts)
    if tracked is not None:
        check_tracking(drafts, [tracker.name for tracker in tracked])
    problems += (problem for draft in drafts for problem in draft.problems)
    if problems:
        raise ConfigError(where, problems)
    return Configuration(
        virtual_routers=tuple(VirtualRouter(**draft.values) for draft in drafts),
        trackers=tracked or (),
        daemon=DaemonSettings(**own),
    )


def _entries(tree: Any, problems: list[Problem]) -> list[tuple[str, Any]]:
    """Whatever the file has in the places of virtual routers, each with its JSON path."""
    path = "$"
    if isinstance(tree, JsonObject):
        if not _is_long_form(tree):
            return [(path, tree)]
        problems += repeated(tree, path)
        problems += (_unknown_in_long_form(key) for key in tree if key not in LONG_FORM)
        path = within(path, ROUTERS)
        if ROUTERS not in tree:
            if not any(nearest(key, (ROUTERS,)) for key in tree):
                problems.append(Problem(path, "", "missing", LONG_FORM[ROUTERS]))
            return []
        tree = tree[ROUTERS]
        if not isinstance(tree, list):
            problems.append(_not("a list", tree, path, LONG_FORM[ROUTERS]))
            return []
    if not isinstance(tree, list):
        problems.append(_not("a configuration", tree, path, _SHAPES))
        return []
    if not tree:
        problems.append(no_virtual_router(path))
    return [(within(path, index), entry) for index, entry in enumerate(tree)]


def _is_long_form(tree: JsonObject) -> bool:
    """Whether the top object is the long form, perhaps with a misspelt key, and not a virtual router."""
    if ROUTERS in tree:
        return True
    if not SETTINGS.keys().isdisjoint(tree):
        return False
    from failover.config.foreign.keys import counterpart  # noqa: PLC0415 - for a wrong file only

    elsewhere = (counterpart(key, SETTINGS) for key in tree)
    return not any(one.settings for one in elsewhere if one) and any(nearest(key, LONG_FORM) for key in tree)


def _unknown_in_long_form(key: str) -> Problem:
    if key in SETTINGS:
        return Problem(within("$", key), "", f"belongs in an entry of {ROUTERS}")
    if key in DAEMON_SETTINGS:
        return Problem(within("$", key), "", f"belongs in {DAEMON}")
    return unknown_key(within("$", key), key, LONG_FORM)[0]


def _draft(path: str, entry: Any, problems: list[Problem], read_secret: Read) -> Draft | None:
    if not isinstance(entry, JsonObject):
        problems.append(_not("an object", entry, path, "a virtual router"))
        return None
    draft = examine(SETTINGS, entry, path)
    check_rules(draft)
    load_secrets(draft, read_secret)
    draft.problems[:0] = repeated(entry, path)
    return draft


def _daemon(tree: Any, problems: list[Problem]) -> dict[str, Any]:
    """The daemon's settings as far as they are good; empty where the file has none."""
    if not (isinstance(tree, JsonObject) and _is_long_form(tree) and DAEMON in tree):
        return {}
    path, given = within("$", DAEMON), tree[DAEMON]
    if not isinstance(given, JsonObject):
        problems.append(_not("an object", given, path, LONG_FORM[DAEMON]))
        return {}
    draft = examine(DAEMON_SETTINGS, given, path)
    problems += repeated(given, path) + draft.problems
    return draft.values


def _trackers(tree: Any, problems: list[Problem]) -> tuple[Tracker, ...] | None:
    """The trackers of the file; None where some are wrong, so that nobody knows which there are."""
    if not (isinstance(tree, JsonObject) and _is_long_form(tree) and TRACKERS in tree):
        return ()
    wrong: list[Problem] = []
    found = trackers(tree[TRACKERS], within("$", TRACKERS), wrong)
    problems += wrong
    return None if wrong else found


def _not(wanted: str, value: Any, path: str, allowed: str) -> Problem:
    if isinstance(value, BadNumber):
        return Problem(path, str(value), value.message, allowed)
    return Problem(path, show(value), f"is {kind_of(value)}, not {wanted}", allowed)


def _name(drafts: list[Draft]) -> None:
    """Give names to the entries that have none: `VR_51`, or `VR_51_eth0`, or `VR_51_eth0_2` and so on.

    Names in the file are taken first. The others depend only on the order in the file, so that an entry added at the
    end changes no name.
    """
    taken = {draft.values.get("name") for draft in drafts}
    counts: Counter[str] = Counter()
    for draft in drafts:
        vrid, interface = draft.values.get("vrid"), draft.values.get("interface_name")
        if draft.values.get("name") != "" or vrid is None or interface is None:
            continue
        name = default_name(vrid)
        if name in taken:
            name = longer = f"{name}_{interface}"
            while name in taken:
                counts[longer] += 1
                name = f"{longer}_{counts[longer] + 1}"
        draft.values["name"] = name
        taken.add(name)
