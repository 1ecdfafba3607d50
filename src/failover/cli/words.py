"""Formats durations for people. All take seconds."""

from typing import Final

_UNITS: Final = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


def elapsed(seconds: float) -> str:
    """A duration in its two largest units: `2 h 5 min`, `43 s`."""
    rest = max(int(seconds), 0)
    for index, (size, unit) in enumerate(_UNITS[:-1]):
        if rest >= size:
            smaller, smaller_unit = _UNITS[index + 1]
            return f"{rest // size} {unit} {rest % size // smaller} {smaller_unit}"
    return f"{rest} s"


def ago(seconds: float) -> str:
    """A duration, below 10 s to a tenth of a second: `0.4 s`, `2 min 5 s`."""
    return f"{max(seconds, 0):.1f} s" if seconds < 10 else elapsed(seconds)


def precise(seconds: float) -> str:
    """A timer's length to a tenth of a millisecond, without trailing zeros: `3.6055 s`."""
    return f"{round(seconds, 4):.10g} s"
