"""The setting `authentication` of a virtual router: an object whose `method` says which other keys it has."""

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from failover.config.authentication import keyed, password
from failover.config.authentication.keyed import Keyed
from failover.config.authentication.password import Password
from failover.config.authentication.sources import not_an_object
from failover.config.checking.draft import Draft
from failover.config.checking.examine import examine
from failover.config.checking.problems import Problem, show, within
from failover.config.checking.settings import Complaint, Nested, Setting, about, nearest
from failover.config.checking.syntax import repeated
from failover.config.checking.values import kind_of
from failover.vrrp.authentication.secret import Secret

Authentication = Password | Keyed
"""How advertisements show that they come from a router of the group."""

_FORM: Final = '{"method": "hmac_sha256", "keys": ...}, or {"method": "password", "password": ...} with version 2'
_METHODS: Final = '"hmac_sha256" or "password"'


class Method(NamedTuple):
    """What there is of each method."""

    settings: Mapping[str, Setting]
    made: Callable[[dict[str, Any]], Authentication]
    complaint: Callable[[Secret], Complaint | Secret]
    """Makes the secret of the content of a file, or says what is wrong with it."""
    allowed: str
    """Such a file, for people."""
    check: Callable[[Draft, Any], None]
    """Adds problems with other settings."""


METHODS: Final[dict[str, Method]] = {
    "hmac_sha256": Method(keyed.SETTINGS, keyed.made, keyed.complaint, keyed.ALLOWED, keyed.check),
    "password": Method(password.SETTINGS, password.made, password.complaint, password.ALLOWED, password.check),
}


def method_of(one: Authentication) -> Method:
    """What there is of its method."""
    return METHODS["hmac_sha256" if isinstance(one, Keyed) else "password"]


def _authentication(value: object, path: str) -> tuple[Authentication | None, list[Problem]]:
    if value is None or isinstance(value, Authentication):
        return value, []
    if not isinstance(value, Mapping):
        return None, [not_an_object(value, path, _FORM)]
    problems = repeated(value, path)
    name = value.get("method")
    method = METHODS.get(name) if isinstance(name, str) else None
    if method is None:
        return None, [*problems, *_without_method(value, path)]
    draft = examine(method.settings, value, path)
    problems += draft.problems
    return (None, problems) if problems else (method.made(draft.values), [])


def _without_method(value: Mapping[str, Any], path: str) -> list[Problem]:
    """What to say of an object whose method is missing or unknown: its other keys depend on that."""
    place = within(path, "method")
    if "method" not in value:
        keys = [name for name in value if name != "method"]
        hint = 'with version 2, write {"method": "password", "password": {"file": "/PATH"}}'
        return [Problem(place, "", "missing", _METHODS, hint if "auth_pass" in keys else None)]
    name = value["method"]
    if not isinstance(name, str):
        return [Problem(place, show(name), f"is {kind_of(name)}, not a string", _METHODS)]
    meant = nearest(name, METHODS)
    return [
        Problem(place, show(name), "is not one of the allowed values", _METHODS, meant and f'did you mean "{meant}"?')
    ]


AUTHENTICATION: Final = about(
    "How advertisements are authenticated. It must be the same on all hosts.",
    _FORM,
    default_text="none",
    check=Nested(
        _authentication,
        {
            "type": ["object", "null"],
            "required": ["method"],
            "properties": {"method": {"enum": list(METHODS)}},
        },
    ),
)
"""What the setting is, for the struct that has it."""
