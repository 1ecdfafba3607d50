"""Settings as data: what each is called, means, allows and defaults to, read from the struct that holds them.

One source for validation, JSON Schema, documentation and spelling hints. Knows no particular setting.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple, get_args

import msgspec

from failover.config.problems import LONGEST_SHOWN

NEAR: Final = 0.75
"""How alike (0 to 1) a key must be to a known one to be taken for a slip of it."""


class Complaint(NamedTuple):
    """What is wrong with a value of the right type and range."""

    message: str
    suggestion: str | None = None


Check = Callable[[Any], Complaint | None]


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """One key of the configuration file."""

    name: str
    type: Any
    """The Python type without constraints."""
    constrained: Any
    """The same with its `msgspec.Meta`."""
    required: bool
    default: Any
    """The value when the key is absent; `None` for a required one."""
    default_text: str
    """The default as the documentation writes it; empty for a required setting."""
    unit: str
    """The unit of the number, or empty."""
    allowed: str
    description: str
    section: str
    """Where it comes from, such as `RFC 9568 §6.1`, or empty for an option of this daemon."""
    check: Check | None


def about(
    description: str,
    allowed: str,
    *,
    section: str = "",
    unit: str = "",
    default_text: str = "",
    check: Check | None = None,
    **constraints: Any,
) -> msgspec.Meta:
    """The annotation of a struct's field; `constraints` are those of `msgspec.Meta`."""
    told = {"allowed": allowed, "section": section, "unit": unit, "default_text": default_text, "check": check}
    return msgspec.Meta(description=description, extra=told, **constraints)


def settings_of(struct: type[msgspec.Struct]) -> dict[str, Setting]:
    """The settings that `struct` holds, by name, in its order."""
    return {field.name: _setting(field) for field in msgspec.structs.fields(struct)}


def _setting(field: msgspec.structs.FieldInfo) -> Setting:
    kind, meta = get_args(field.type)
    told = dict(meta.extra)
    default = None if field.required else field.default
    told["default_text"] = told["default_text"] or ("" if field.required else as_json(default))
    return Setting(
        name=field.name,
        type=kind,
        constrained=field.type,
        required=field.required,
        default=default,
        description=meta.description,
        **told,
    )


def as_json(value: object) -> str:
    """A default as it would stand in the file."""
    return msgspec.json.encode(value, enc_hook=str).decode()


def nearest(key: str, known: Iterable[str]) -> str | None:
    """The known key that `key` is probably a slip of: one that it begins, or one spelled much like it."""
    wanted = key[:LONGEST_SHOWN].casefold().replace("-", "_")
    known = tuple(known)
    begun = [name for name in known if wanted and name.startswith(wanted)]
    if begun:
        return begun[0]
    from difflib import get_close_matches  # noqa: PLC0415 - for a wrong file only; a start need not pay for it

    alike = get_close_matches(wanted, known, n=1, cutoff=NEAR)
    return alike[0] if alike else None
