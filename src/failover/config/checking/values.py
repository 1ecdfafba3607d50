"""Converts one value of the file to the value of one setting, or says everything that is wrong with it.

`msgspec.convert` checks type and range. It stops at the first error, so it is called for each setting by itself.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from enum import Enum
from typing import Any, Final, Literal, get_args, get_origin

import msgspec

from failover.config.checking.addresses import ADDRESS_FORM, host_complaint, parse_address
from failover.config.checking.problems import Problem, show, within
from failover.config.checking.settings import Complaint, Setting, nearest
from failover.config.checking.syntax import BadNumber
from failover.vrrp.protocol import VirtualAddress

_MILLISECONDS: Final = 1000
"""Seconds from which on milliseconds were probably meant."""

_WANTED: Final[dict[type, tuple[tuple[type, ...], str]]] = {
    bool: ((bool,), "true or false"),
    int: ((int,), "a whole number"),
    float: ((int, float), "a number"),
    str: ((str,), "a string"),
    tuple: ((list, tuple), "a list"),
}
"""By the Python type of a setting: the types that JSON may give for it, and its name in a report."""

_KINDS: Final[dict[type, str]] = {
    type(None): "null",
    bool: "a boolean",
    int: "a number",
    float: "a number",
    str: "a string",
    list: "a list",
    tuple: "a list",
    dict: "an object",
}


def kind_of(value: object) -> str:
    """The type of `value` in the terms of JSON, with its article: `a number`."""
    return next((name for kind, name in _KINDS.items() if isinstance(value, kind)), type(value).__name__)


def convert(setting: Setting, value: object, path: str) -> tuple[Any, list[Problem]]:
    """The value of `setting`, and what is wrong with it. A list of addresses has None in the places of bad ones."""
    if isinstance(value, BadNumber):
        return None, [Problem(path, str(value), value.message, setting.allowed)]
    if setting.nested is not None:
        return setting.nested.convert(value, path)
    if get_origin(setting.type) is tuple:
        return _list(setting, value, path)
    try:
        converted = msgspec.convert(value, setting.constrained)
    except (msgspec.ValidationError, UnicodeEncodeError):  # the latter where half a surrogate pair stands in a string
        message, suggestion = _mismatch(setting, value)
        return None, [Problem(path, show(value), message, setting.allowed, suggestion)]
    complaint = setting.check(converted) if setting.check else None
    if complaint:
        return None, [Problem(path, show(value), complaint.message, setting.allowed, complaint.suggestion)]
    return converted, []


def _mismatch(setting: Setting, value: object) -> tuple[str, str | None]:
    if value is None:
        return "is not a value", "leave the key out" if not setting.required else None
    if get_origin(setting.type) is Literal:
        return "is not one of the allowed values", _plainly(setting, value) or _meant(value, get_args(setting.type))
    accepted, wanted = _wanted(setting)
    if isinstance(value, accepted) and not (isinstance(value, bool) and bool not in accepted):
        return _outside(setting, value)
    if isinstance(value, float) and wanted == "a whole number":
        return "is not a whole number", _plainly(setting, value)
    return f"is {kind_of(value)}, not {wanted}", _plainly(setting, value)


def _outside(setting: Setting, value: object) -> tuple[str, str | None]:
    if not isinstance(value, str):
        return "is out of range", _in_milliseconds(setting, value)
    complaint = setting.check(value) if setting.check and value else None
    if complaint:
        return complaint
    if issubclass(setting.type, Enum):
        return "is not one of the allowed values", _meant(value, (member.value for member in setting.type))
    return "is too long" if value else "is empty", None


def _meant(value: object, known: Iterable[object]) -> str | None:
    """The hint that names the word of `known` which was probably misspelt."""
    words = (word for word in known if isinstance(word, str))
    meant = nearest(value, words) if isinstance(value, str) else None
    return f'did you mean "{meant}"?' if meant else None


def _wanted(setting: Setting) -> tuple[tuple[type, ...], str]:
    kind = get_origin(setting.type) or setting.type
    if kind is Literal:
        return tuple(map(type, get_args(setting.type))), "one of the allowed values"
    if issubclass(kind, Enum):
        kind = type(next(iter(kind)).value)
    return _WANTED[kind]


def _plainly(setting: Setting, value: object) -> str | None:
    """The hint `did you mean 51?` for another spelling of a good value, such as `"51"`; None for anything else."""
    from failover.config.foreign.values import spellings  # noqa: PLC0415 - for a wrong file only

    for spelling in spellings(value, _wanted(setting)[0], setting.unit):
        with suppress(msgspec.ValidationError, UnicodeEncodeError):
            converted = msgspec.convert(spelling, setting.constrained)
            if setting.check is None or setting.check(converted) is None:
                return f"did you mean {show(spelling)}?"
    return None


def _in_milliseconds(setting: Setting, value: Any) -> str | None:
    """The hint for seconds that were given as milliseconds, as FRR has them."""
    if setting.unit == "seconds" and value >= _MILLISECONDS:
        with suppress(msgspec.ValidationError, OverflowError):
            return f"it is in seconds: did you mean {msgspec.convert(value / 1000, setting.constrained):g}?"
    return None


def _list(setting: Setting, value: object, path: str) -> tuple[Any, list[Problem]]:
    item = get_args(setting.type)[0]
    if not isinstance(value, list | tuple):
        suggestion = f"did you mean [{show(value)}]?" if _is_item(setting, item, value) else _as_list(item, value)
        message = f"is {kind_of(value)}, not a list"
        return None, [Problem(path, show(value), message, setting.allowed, suggestion)]
    if item is VirtualAddress:
        return _addresses(value, path)
    one = _item_setting(setting, item)
    outcomes = [convert(one, entry, within(path, index)) for index, entry in enumerate(value)]
    problems = [problem for _, found in outcomes for problem in found]
    return (None if problems else tuple(converted for converted, _ in outcomes)), problems


def _item_setting(setting: Setting, item: Any) -> Setting:
    """The items of a list as a setting of their own, so that `convert` can check each."""
    return msgspec.structs.replace(setting, type=get_args(item)[0], constrained=item, required=True)


def _is_item(setting: Setting, item: Any, value: object) -> bool:
    if item is VirtualAddress:
        return isinstance(value, str) and not isinstance(parse_address(value), Complaint)
    return not convert(_item_setting(setting, item), value, "")[1]


def _as_list(item: Any, value: object) -> str | None:
    """The hint with the list that a string is, such as `"10.0.0.1, 10.0.0.2"`."""
    if item is not VirtualAddress or not isinstance(value, str):
        return None
    from failover.config.foreign.addresses import several  # noqa: PLC0415 - for a wrong file only

    many = several(value)
    return f"did you mean [{', '.join(map(show, many))}]?" if many else None


def _addresses(value: Sequence[object], path: str) -> tuple[Any, list[Problem]]:
    addresses: list[VirtualAddress | None] = []
    problems: list[Problem] = []
    for index, entry in enumerate(value):
        outcome = _address(entry)
        if isinstance(outcome, Complaint):
            message, suggestion = outcome
            shown = show(str(entry) if isinstance(entry, VirtualAddress) else entry)
            problems.append(Problem(within(path, index), shown, message, ADDRESS_FORM, suggestion))
            addresses.append(None)
        else:
            addresses.append(outcome)
    return tuple(addresses), problems


def _address(entry: object) -> VirtualAddress | Complaint:
    if isinstance(entry, BadNumber):
        return Complaint(entry.message)
    if entry is None:
        return Complaint("is not a value")
    if isinstance(entry, dict):
        from failover.config.foreign.addresses import of_object  # noqa: PLC0415 - for a wrong file only

        return Complaint("is an object, not a string", of_object(entry))
    if not isinstance(entry, str | VirtualAddress):
        return Complaint(f"is {kind_of(entry)}, not a string")
    address = parse_address(entry) if isinstance(entry, str) else entry
    if isinstance(address, Complaint):
        return address
    return host_complaint(address) or address
