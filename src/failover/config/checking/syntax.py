"""Parses JSON, strict where JSON leaves something open: encoding, duplicate keys, odd numbers, depth, size.

Knows nothing of VRRP. Where there is no tree at all, it raises `ConfigError`. Other faults stay in the tree, as
`JsonObject.repeated` and `BadNumber`, and are reported later with their JSON path, together with everything else.
"""

import json
from collections import Counter
from math import isfinite
from typing import Any, Final, NoReturn

from failover.config.checking.problems import ConfigError, Problem, clip, within

LARGEST_FILE: Final = 16 * 1024 * 1024
"""Bytes. 255 virtual routers of 255 addresses take 2 MiB."""

MOST_DIGITS: Final = 20
"""A longer integer is out of any range. Python itself refuses to convert one with thousands of digits."""

_UTF16_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")


class BadNumber:
    """A number that JSON does not have, such as NaN, or that is too large; `message` says which."""

    __slots__ = ("message", "text")

    def __init__(self, text: str, message: str) -> None:
        self.text = clip(text)
        self.message = message

    def __repr__(self) -> str:
        return self.text


class JsonObject(dict[str, Any]):
    """A JSON object; for a repeated key it has the last value."""

    __slots__ = ("repeated",)

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self.repeated: tuple[str, ...] = ()
        """The keys that occur more than once."""
        if len(self) != len(pairs):
            counts = Counter(key for key, _ in pairs)
            self.repeated = tuple(key for key, count in counts.items() if count > 1)


def repeated(tree: object, path: str) -> list[Problem]:
    """The problems of an object at `path` in which keys occur more than once; none of one that was built in code."""
    keys = tree.repeated if isinstance(tree, JsonObject) else ()
    return [Problem(within(path, key), "", "the key occurs more than once", "once") for key in keys]


def read_tree(text: str | bytes, where: str) -> Any:
    """The JSON value of a whole document. `ConfigError` where it is none. A UTF-8 byte-order mark is skipped."""
    text = _decode(text, where) if isinstance(text, bytes) else text
    text = text.removeprefix("\ufeff")
    if not text.strip():
        _refuse(where, "the file is empty", allowed="a virtual router, a list of them, or the long form")
    try:
        return json.loads(
            text,
            object_pairs_hook=JsonObject,
            parse_int=_integer,
            parse_float=_fraction,
            parse_constant=lambda text: BadNumber(text, "is not a JSON number"),
        )
    except json.JSONDecodeError as error:
        _refuse_syntax(error, where)
    except RecursionError:
        _refuse(where, "the JSON is nested too deeply", allowed="lists and objects, four deep")


def _decode(data: bytes, where: str) -> str:
    if len(data) > LARGEST_FILE:
        _refuse(where, "the file is too large", allowed=f"at most {LARGEST_FILE // 1024 // 1024} MiB")
    if data.startswith(_UTF16_MARKS):
        _refuse(where, "the file is UTF-16", allowed="UTF-8")
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        offset = error.start
        _refuse(where, f"the file is not UTF-8: byte 0x{data[offset]:02x} at offset {offset}", allowed="UTF-8")


def _integer(text: str) -> int | BadNumber:
    if len(text) > MOST_DIGITS:
        return BadNumber(text, "is out of range")
    return int(text)


def _fraction(text: str) -> float | BadNumber:
    value = float(text)
    return value if isfinite(value) else BadNumber(text, "is out of range")


def _refuse_syntax(error: json.JSONDecodeError, where: str) -> NoReturn:
    from failover.config.foreign import formats  # noqa: PLC0415 - for a wrong file only; a start need not pay for it

    place = f"line {error.lineno}, column {error.colno}"
    other = formats.other_format(error.doc)
    if other:
        words = formats.IN_OUR_WORDS.get(other)
        _refuse(
            where, f"not JSON, but {other}", path=place, allowed=f"JSON, such as {formats.EXAMPLE}", suggestion=words
        )
    message = f"not JSON: {error.msg[:1].lower()}{error.msg[1:]}"
    _refuse(where, message, path=place, suggestion=formats.habit(error))


def _refuse(where: str, message: str, *, path: str = "", allowed: str = "", suggestion: str | None = None) -> NoReturn:
    raise ConfigError(where, (Problem(path, "", message, allowed, suggestion),)) from None
