"""Converts one value of the file to the value of one setting, or says everything that is wrong with it.

`msgspec.convert` checks type and range. It stops at the first error, so it is called for each setting by itself.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from enum import Enum
from typing import Any, Final, Literal, get_args, get_origin

import msgspec

from failover.config.checking.addresses import host_complaint, parse_address
from failover.config.checking.problems import Problem, show, within
from failover.config.checking.settings import Complaint, Setting, nearest
from failover.config.checking.syntax import BadNumber
from failover.vrrp.protocol import VirtualAddress

ONE_ADDRESS: Final = '"ADDRESS/LENGTH" of one host'

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
        return "is no value", "leave the key out" if not setting.required else None
    if get_origin(setting.type) is Literal:
        return "is not one of them", _unquoted(setting, value) or _meant(value, get_args(setting.type))
    accepted, wanted = _wanted(setting)
    if isinstance(value, accepted) and not (isinstance(value, bool) and bool not in accepted):
        return _outside(setting, value)
    if isinstance(value, float) and wanted == "a whole number":
        return "is not a whole number", None
    return f"is {kind_of(value)}, not {wanted}", _unquoted(setting, value)


def _outside(setting: Setting, value: object) -> tuple[str, str | None]:
    if not isinstance(value, str):
        return "is out of range", None
    complaint = setting.check(value) if setting.check and value else None
    if complaint:
        return complaint
    if issubclass(setting.type, Enum):
        return "is not one of them", _meant(value, (member.value for member in setting.type))
    return "is too long" if value else "is empty", None


def _meant(value: object, known: Iterable[object]) -> str | None:
    """The hint that names the word of `known` which was probably misspelt."""
    words = (word for word in known if isinstance(word, str))
    meant = nearest(value, words) if isinstance(value, str) else None
    return f'did you mean "{meant}"?' if meant else None


def _wanted(setting: Setting) -> tuple[tuple[type, ...], str]:
    kind = get_origin(setting.type) or setting.type
    if issubclass(kind, Enum):
        kind = type(next(iter(kind)).value)
    return _WANTED[kind]


def _unquoted(setting: Setting, value: object) -> str | None:
    """The hint `did you mean 51?` for a number or boolean in quotes, such as `"51"`; None for anything else."""
    if isinstance(value, str):
        with suppress(msgspec.ValidationError, msgspec.DecodeError, UnicodeEncodeError):
            meant = msgspec.json.decode(value.strip().lower(), type=setting.constrained)
            return f"did you mean {msgspec.json.encode(meant).decode()}?"
    return None


def _list(setting: Setting, value: object, path: str) -> tuple[Any, list[Problem]]:
    item = get_args(setting.type)[0]
    if not isinstance(value, list | tuple):
        alone = _is_item(setting, item, value)
        suggestion = f"did you mean [{show(value)}]?" if alone else None
        message = f"is {kind_of(value)}, not a list"
        return None, [Problem(path, show(value), message, setting.allowed, suggestion)]
    if item is VirtualAddress:
        return _addresses(setting, value, path)
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


def _addresses(setting: Setting, value: Sequence[object], path: str) -> tuple[Any, list[Problem]]:
    if not value and setting.required:
        return (), [Problem(path, "[]", "lists no address", setting.allowed)]
    addresses: list[VirtualAddress | None] = []
    problems: list[Problem] = []
    for index, entry in enumerate(value):
        outcome = _address(entry)
        if isinstance(outcome, Complaint):
            message, suggestion = outcome
            shown = show(str(entry) if isinstance(entry, VirtualAddress) else entry)
            problems.append(Problem(within(path, index), shown, message, ONE_ADDRESS, suggestion))
            addresses.append(None)
        else:
            addresses.append(outcome)
    return tuple(addresses), problems


def _address(entry: object) -> VirtualAddress | Complaint:
    if isinstance(entry, BadNumber):
        return Complaint(entry.message)
    if entry is None:
        return Complaint("is no value")
    if not isinstance(entry, str | VirtualAddress):
        return Complaint(f"is {kind_of(entry)}, not a string")
    address = parse_address(entry) if isinstance(entry, str) else entry
    if isinstance(address, Complaint):
        return address
    return host_complaint(address) or address
