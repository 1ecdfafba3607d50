"""The setting `authentication` of a virtual router: its keys, with their documentation."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, Final, Literal

import msgspec

from failover.config.authentication.secret_files import Source
from failover.config.checking.examine import examine
from failover.config.checking.problems import Problem, show, within
from failover.config.checking.settings import Nested, Setting, about, settings_of
from failover.config.checking.syntax import repeated
from failover.config.checking.values import kind_of
from failover.vrrp.authentication.secret import Secret

_FORM: Final = '{"method": "password", "password": {"file": "/PATH"}}'
_SOURCE_FORM: Final = '{"file": "/PATH"} or {"credential": "NAME"}'
_IS_NAME: Final = {"file": re.compile(r"/.*", re.DOTALL), "credential": re.compile(r"(?!\.{1,2}$)[^/]{1,255}")}
"""By what says where a secret is: what its name must look like."""
_NAMES: Final = {"file": "absolute path of a file", "credential": "name of a credential"}
_SOURCE_SCHEMA: Final[Mapping[str, Any]] = {
    "type": "object",
    "minProperties": 1,
    "maxProperties": 1,
    "properties": {
        "file": {"type": "string", "pattern": "^/"},
        "credential": {"type": "string", "pattern": "^[^/]+$", "maxLength": 255},
    },
    "additionalProperties": False,
}


@dataclass(frozen=True, slots=True)
class Authentication:
    """How advertisements show that they come from a router of the group: by a password (version 2)."""

    source: Source
    secret: Secret | None = None
    """The password, once it is read."""

    def with_secret(self, secret: Secret) -> "Authentication":
        """The same with the password that was read."""
        return replace(self, secret=secret)

    def written(self) -> dict[str, Any]:
        """As the file has it."""
        return {"method": "password", "password": dict([self.source])}


def _source(value: object, path: str) -> tuple[Source | None, list[Problem]]:
    if not isinstance(value, Mapping):
        return None, [_not_an_object(value, path, _SOURCE_FORM)]
    if len(value) != 1 or not value.keys() <= _IS_NAME.keys() or repeated(value, path):
        return None, [Problem(path, show(dict(value)), "does not say where the secret is", _SOURCE_FORM)]
    ((kind, name),) = value.items()
    path = within(path, kind)
    if not isinstance(name, str):
        return None, [Problem(path, show(name), f"is {kind_of(name)}, not a string", _SOURCE_FORM)]
    if not name.isprintable() or not _IS_NAME[kind].fullmatch(name):
        return None, [Problem(path, show(name), f"cannot be the {_NAMES[kind]}", _SOURCE_FORM)]
    return Source(kind, name), []


def _not_an_object(value: object, path: str, allowed: str) -> Problem:
    """The problem, which does not show a string: it may be the secret itself."""
    is_text = isinstance(value, str)
    hint = "a secret is never in the configuration itself" if is_text else None
    return Problem(path, "" if is_text else show(value), f"is {kind_of(value)}, not an object", allowed, hint)


class _Password(msgspec.Struct):
    method: Annotated[
        Literal["password"],
        about("How advertisements are authenticated.", '"password", with version 2'),
    ]
    password: Annotated[
        Source,
        about(
            "Where the password is. The first 8 bytes count. Anyone on the LAN can read them in the advertisements.",
            f"{_SOURCE_FORM}: a file that other users may not read, or a credential of the systemd unit",
            section="RFC 2338 §5.3.6",
            check=Nested(_source, _SOURCE_SCHEMA),
        ),
    ]


AUTHENTICATION_SETTINGS: Final[dict[str, Setting]] = settings_of(_Password)
"""The keys of the object by name, in the order of the documentation."""


def _authentication(value: object, path: str) -> tuple[Authentication | None, list[Problem]]:
    if value is None or isinstance(value, Authentication):
        return value, []
    if not isinstance(value, Mapping):
        return None, [_not_an_object(value, path, _FORM)]
    draft = examine(AUTHENTICATION_SETTINGS, value, path)
    problems = repeated(value, path) + draft.problems
    return (None, problems) if problems else (Authentication(draft.values["password"]), [])


AUTHENTICATION: Final = about(
    "How advertisements are authenticated. It must be the same on all hosts.",
    f"{_FORM} with version 2",
    section="RFC 2338 §5.3.6",
    default_text="none",
    check=Nested(
        _authentication,
        {
            "type": ["object", "null"],
            "required": list(AUTHENTICATION_SETTINGS),
            "properties": {"method": {"const": "password"}, "password": _SOURCE_SCHEMA},
            "additionalProperties": False,
        },
    ),
)
"""What the setting is, for the struct that has it."""
