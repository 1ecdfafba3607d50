"""Checks the keys and values of one object of the file, each setting by itself. Rules between settings: `rules`."""

from collections.abc import Mapping
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
        elif not setting.required:
            draft.values[name] = setting.default
        elif name not in meant:
            draft.problems.append(Problem(within(path, name), "", "missing", setting.allowed))
    return draft


def _check_keys(settings: Mapping[str, Setting], given: Mapping[str, Any], draft: Draft) -> set[str]:
    """Report unknown keys. Returns the settings that were probably meant, which are not to be reported as missing."""
    meant: set[str] = set()
    for key in given:
        if key not in settings:
            name = nearest(key, settings)
            draft.problems.append(unknown_key(within(draft.path, key), name, settings))
            if name:
                meant.add(name)
    return meant


def unknown_key(path: str, meant: str | None, known: Mapping[str, Any]) -> Problem:
    """The problem of an unknown key: with the one that was probably `meant`, or else all that are known."""
    if meant:
        return Problem(path, "", "unknown key", suggestion=f'did you mean "{meant}"?')
    return Problem(path, "", "unknown key", ", ".join(known))
