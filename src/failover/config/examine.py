"""The keys and values of one object of the file, each setting by itself."""

from collections.abc import Mapping
from typing import Any

from failover.config.draft import Draft
from failover.config.problems import Problem, within
from failover.config.settings import Setting, nearest
from failover.config.values import convert


def examine(settings: Mapping[str, Setting], given: Mapping[str, Any], path: str = "") -> Draft:
    """The draft of the object at `path` whose keys are `given`."""
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
    """Report unknown keys; returns the names that were probably meant by them."""
    meant: set[str] = set()
    for key in given:
        if key not in settings:
            name = nearest(key, settings)
            draft.problems.append(unknown_key(within(draft.path, key), name, settings))
            if name:
                meant.add(name)
    return meant


def unknown_key(path: str, meant: str | None, known: Mapping[str, Any]) -> Problem:
    """The problem of a key that nobody knows."""
    if meant:
        return Problem(path, "", "unknown key", suggestion=f'did you mean "{meant}"?')
    return Problem(path, "", "unknown key", ", ".join(known))
