"""Where a secret is, as the configuration says it: `{"file": "/PATH"}` or `{"credential": "NAME"}`."""

import re
from collections.abc import Mapping
from typing import Any, Final

from failover.config.authentication.secret_files import Source
from failover.config.checking.problems import Problem, show, within
from failover.config.checking.settings import Nested
from failover.config.checking.syntax import repeated
from failover.config.checking.values import kind_of

FORM: Final = '{"file": "/PATH"} or {"credential": "NAME"}'
SCHEMA: Final[Mapping[str, Any]] = {
    "type": "object",
    "minProperties": 1,
    "maxProperties": 1,
    "properties": {
        "file": {"type": "string", "pattern": "^/"},
        "credential": {"type": "string", "pattern": "^[^/]+$", "maxLength": 255},
    },
    "additionalProperties": False,
}
_IS_NAME: Final = {"file": re.compile(r"/.*", re.DOTALL), "credential": re.compile(r"(?!\.{1,2}$)[^/]{1,255}")}
"""By what says where a secret is: what its name must look like."""
_NAMES: Final = {"file": "absolute path of a file", "credential": "name of a credential"}


def source(value: object, path: str) -> tuple[Source | None, list[Problem]]:
    """Where a secret is, or what is wrong with what says so."""
    if not isinstance(value, Mapping):
        return None, [not_an_object(value, path, FORM)]
    if len(value) != 1 or not value.keys() <= _IS_NAME.keys() or repeated(value, path):
        return None, [Problem(path, show(dict(value)), "does not say where the secret is", FORM)]
    ((kind, name),) = value.items()
    path = within(path, kind)
    if not isinstance(name, str):
        return None, [Problem(path, show(name), f"is {kind_of(name)}, not a string", FORM)]
    if not name.isprintable() or not _IS_NAME[kind].fullmatch(name):
        return None, [Problem(path, show(name), f"cannot be the {_NAMES[kind]}", FORM)]
    return Source(kind, name), []


NESTED: Final = Nested(source, SCHEMA)
"""Of a setting whose value it is."""


def not_an_object(value: object, path: str, allowed: str) -> Problem:
    """The problem, which does not show a string: it may be the secret itself."""
    is_text = isinstance(value, str)
    hint = "a secret is never in the configuration itself" if is_text else None
    return Problem(path, "" if is_text else show(value), f"is {kind_of(value)}, not an object", allowed, hint)
