"""Checks the keys and values of one object of the file, each setting by itself. Rules between settings: `rules`."""

from collections.abc import Mapping, Sequence
from typing import Any

from failover.config.checking.draft import Draft
from failover.config.checking.problems import Problem, within
from failover.config.checking.settings import Setting, nearest
from failover.config.checking.values import convert


def examine(settings: Mapping[str, Setting], given: Mapping[str, Any], path: str = "") -> Draft:
    """The draft of the object at `path` with the keys and values `given`, checked against `settings`. Never raises."""
    draft = Draft(path=path, values={}, problems=[])
    meant = _check_keys(settings, given, draft)
    for name, setting in settings.items():
        if name in given:
            value, problems = convert(setting, given[name], within(path, name))
            draft.problems += problems
            if not problems or isinstance(value, tuple):
                draft.values[name] = value
        elif not setting.required or given.get(setting.unless) is True:
            draft.values[name] = setting.default
        elif name not in meant:
            draft.problems.append(Problem(within(path, name), "", "missing", setting.allowed))
    return draft


def _check_keys(settings: Mapping[str, Setting], given: Mapping[str, Any], draft: Draft) -> set[str]:
    """Report unknown keys. Returns the settings that were probably meant, which are not to be reported as missing."""
    meant: set[str] = set()
    for key in given:
        if key not in settings:
            problem, names = unknown_key(within(draft.path, key), key, settings)
            draft.problems.append(problem)
            meant.update(names)
    return meant


def unknown_key(path: str, key: str, known: Mapping[str, Any]) -> tuple[Problem, Sequence[str]]:
    """The problem of an unknown key, and the settings that were probably meant by it.

    It says what to write in the place of another program's key, or which key was probably misspelt, or else all that
    are known.
    """
    from failover.config.foreign.keys import counterpart  # noqa: PLC0415 - for a wrong file only

    elsewhere = counterpart(key, known)
    if elsewhere:
        return Problem(path, "", "unknown key", suggestion=elsewhere.words), elsewhere.settings
    name = nearest(key, known)
    if name:
        return Problem(path, "", "unknown key", suggestion=f'did you mean "{name}"?'), (name,)
    return Problem(path, "", "unknown key", ", ".join(known)), ()
