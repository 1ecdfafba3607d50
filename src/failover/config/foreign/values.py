"""Spellings of values that other programs and languages take: what they would be in JSON."""

import re
from collections.abc import Iterator
from typing import Final

Plain = int | float | str

_TRUTH: Final[dict[str, bool]] = {
    **dict.fromkeys(("true", "yes", "on", "y", "enable", "enabled", "1"), True),
    **dict.fromkeys(("false", "no", "off", "n", "disable", "disabled", "0"), False),
}
_NUMBER: Final = re.compile(r"(?:vrrp)?\s*v?\s*([+-]?\d{1,15}(?:[.,]\d{1,9})?)\s*([a-z]*)", re.ASCII)
_SECONDS: Final[dict[str, float]] = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1),
    **dict.fromkeys(("ms", "msec", "msecs", "millisecond", "milliseconds"), 0.001),
    **dict.fromkeys(("cs", "centisecond", "centiseconds"), 0.01),
}
_LARGEST: Final = 10**15
_HEXADECIMAL: Final = re.compile(r"0x[0-9a-f]{1,8}")


def spellings(value: object, wanted: tuple[type, ...], unit: str) -> Iterator[Plain]:
    """What a value of the wrong type may stand for, the likeliest first.

    `wanted` are the types that the setting takes, `unit` is the unit of its number. None of them may be in its range.
    """
    match value:
        case [int() | float() | str() as only]:
            yield only
        case str() if bool in wanted:
            yield from _truth(value)
        case str():
            yield from _number(value.strip().lower(), unit)
        case bool():
            return
        case int() | float() if bool in wanted:
            yield from _truth(str(value))
        case int() | float() if str in wanted and abs(value) < _LARGEST:
            yield str(value)
        case float() if value.is_integer():
            yield int(value)


def _truth(text: str) -> Iterator[bool]:
    word = _TRUTH.get(text.strip().lower())
    if word is not None:
        yield word


def _number(text: str, unit: str) -> Iterator[Plain]:
    if _HEXADECIMAL.fullmatch(text):
        yield int(text, 16)
    found = _NUMBER.fullmatch(text)
    factor = 1 if found and not found[2] else _SECONDS.get(found[2]) if found and unit == "seconds" else None
    if found and factor is not None:
        number = round(float(found[1].replace(",", ".")) * factor, 9)
        yield int(number) if number.is_integer() else number
