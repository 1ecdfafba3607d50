"""`KeyedAuthentication`: which keys a virtual router has, and what it demands of others."""

from dataclasses import dataclass, field
from enum import Enum
from typing import Final, Protocol

from failover.vrrp.authentication.secret import Secret
from failover.vrrp.units import Interval

KEY_IDS: Final = range(1, 256)
KEY_LENGTHS: Final = range(32, 65)
"""Bytes."""


class Digest(Protocol):
    """HMAC-SHA256. The core has none itself: it is handed in."""

    def __call__(self, key: bytes, message: bytes, /) -> bytes:
        """The 32 bytes for a message."""


class AuthenticationMode(Enum):
    """What is sent and what is demanded; the steps in which a group begins with authentication."""

    RECEIVE_ONLY = "receive_only"
    """Sends no trailer, and hears advertisements with and without one."""
    PERMISSIVE = "permissive"
    """Sends a trailer, and hears advertisements with and without one."""
    ENFORCE = "enforce"
    """Sends a trailer, and hears only advertisements with one."""


@dataclass(frozen=True, slots=True)
class KeyedAuthentication:
    """How advertisements are signed and checked. `ValueError` where a part does not fit the others."""

    keys: tuple[tuple[int, Secret], ...]
    """By number, each once: what is heard may be signed with any of them."""
    active_key: int
    """The number of the one that signs."""
    mode: AuthenticationMode = AuthenticationMode.ENFORCE
    window: Interval | None = None
    """How far the time of an advertisement may be from ours, in nanoseconds; None: only its sequence counts."""
    _by_id: dict[int, Secret] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_id = dict(self.keys)
        if len(by_id) != len(self.keys) or not all(number in KEY_IDS for number in by_id):
            raise ValueError("keys have the numbers 1 to 255, each once")
        if not all(len(key.reveal()) in KEY_LENGTHS for key in by_id.values()):
            raise ValueError("a key has 32 to 64 bytes")
        if self.active_key not in by_id:
            raise ValueError(f"active_key is {self.active_key}, and there is no such key")
        object.__setattr__(self, "_by_id", by_id)

    @property
    def signs(self) -> bool:
        """Whether advertisements are sent with a trailer."""
        return self.mode is not AuthenticationMode.RECEIVE_ONLY

    @property
    def signing_key(self) -> bytes:
        """The key that signs."""
        return self._by_id[self.active_key].reveal()

    def key(self, number: int) -> Secret | None:
        """The key with this number."""
        return self._by_id.get(number)
