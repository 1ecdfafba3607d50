"""Times for people and programs, from the wall clock's nanoseconds."""

from datetime import UTC, datetime
from typing import Final

_NANOSECONDS: Final = 1_000_000_000


def timestamp(at: int) -> str:
    """RFC 3339 in UTC with milliseconds."""
    whole, rest = divmod(at, _NANOSECONDS)
    return f"{datetime.fromtimestamp(whole, UTC):%Y-%m-%dT%H:%M:%S}.{rest // 1_000_000:03d}Z"
