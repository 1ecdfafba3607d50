"""Settings as data: the name, meaning, allowed values and default of each, read from the struct that has them.

Validation, JSON Schema, documentation and spelling hints all read them from here. No particular setting is known here.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, NamedTuple, get_args

import msgspec

from failover.config.checking.problems import LONGEST_SHOWN, Problem

NEAR: Final = 0.75
"""How similar (0 to 1, `difflib`) an unknown key must be to a known one to count as a misspelling of it."""


class Complaint(NamedTuple):
    """What is wrong with a value that has the right type and range; the parts of a `Problem` that say so."""

    message: str
    suggestion: str | None = None


Check = Callable[[Any], Complaint | None]


class Nested(NamedTuple):
    """How a value is taken apart that is more than text and numbers."""

    convert: Callable[[Any, str], tuple[Any, list[Problem]]]
    """Makes the value of a setting from what the file has at a JSON path, or says what is wrong with it."""
    json_schema: Mapping[str, Any]
    """What it is in the JSON Schema."""


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """One key of the configuration file."""

    name: str
    type: Any
    """The Python type without constraints."""
    constrained: Any
    """The type with its constraints: `Annotated` with a `msgspec.Meta`."""
    required: bool
    unless: str
    """The setting that makes this one unneeded where it is true; empty where there is none."""
    default: Any
    """The value when the key is absent; `None` for one that nothing makes unneeded."""
    default_text: str
    """The default as the documentation writes it; empty for a required setting."""
    unit: str
    """The unit of the number, such as `seconds`; empty where it has none."""
    allowed: str
    """The allowed values, for people."""
    description: str
    """What it means, for people."""
    section: str
    """Where the RFC defines it, such as `RFC 9568 §6.1`; empty for an option of this daemon."""
    check: Check | None = None
    """What is to be checked beyond type and constraints."""
    nested: Nested | None = None
    """Of a value that is an object; then type and constraints are not looked at."""


def about(
    description: str,
    allowed: str,
    *,
    section: str = "",
    unit: str = "",
    default_text: str = "",
    unless: str = "",
    check: Check | Nested | None = None,
    **constraints: Any,
) -> msgspec.Meta:
    """The annotation that makes a struct's field a setting. `constraints` are those of `msgspec.Meta`.

    A field with a default is required nevertheless, `unless` the setting of that name is true.
    """
    words = {"allowed": allowed, "section": section, "unit": unit, "default_text": default_text}
    how = {"nested": check} if isinstance(check, Nested) else {"check": check}
    return msgspec.Meta(description=description, extra={**words, "unless": unless, **how}, **constraints)


def settings_of(struct: type[msgspec.Struct]) -> dict[str, Setting]:
    """The settings that the fields of `struct` are, by name, in the order of the fields."""
    return {field.name: _setting(field) for field in msgspec.structs.fields(struct)}


def _setting(field: msgspec.structs.FieldInfo) -> Setting:
    kind, meta = get_args(field.type)
    told = dict(meta.extra)
    default = None if field.required else field.default
    required = field.required or bool(told["unless"])
    told["default_text"] = told["default_text"] or ("" if required else as_json(default))
    return Setting(
        name=field.name,
        type=kind,
        constrained=field.type,
        required=required,
        default=default,
        description=meta.description,
        **told,
    )


def as_json(value: object) -> str:
    """A default as it would be written in the file."""
    return msgspec.json.encode(value, enc_hook=str).decode()


def nearest(key: str, known: Iterable[str]) -> str | None:
    """The known key that was probably meant by `key`: one that begins with it, or one with a similar spelling."""
    wanted = key[:LONGEST_SHOWN].casefold().replace("-", "_")
    known = tuple(known)
    begun = [name for name in known if wanted and name.startswith(wanted)]
    if begun:
        return begun[0]
    from difflib import get_close_matches  # noqa: PLC0415 - for a wrong file only; a start need not pay for it

    alike = get_close_matches(wanted, known, n=1, cutoff=NEAR)
    return alike[0] if alike else None
