"""The simple text password of version 2 (RFC 2338 §5.3.6.2), which RFC 3768 removed and keepalived still has.

Each advertisement contains it, so everyone on the LAN can read it: it keeps out what is configured wrong, and nobody
who means harm. So it is compared as any other bytes are.
"""

from enum import IntEnum
from typing import Final

from failover.vrrp.authentication.secret import Secret

DATA_LENGTH: Final = 8
"""Bytes of Authentication Data, which version 2 always has (RFC 3768 §5.3.10)."""


class AuthenticationType(IntEnum):
    """The Auth Type of version 2 (RFC 2338 §5.3.6, RFC 3768 §5.3.6)."""

    NONE = 0
    PASSWORD = 1


def type_of(password: Secret | None) -> AuthenticationType:
    """The Auth Type of an advertisement with this password, or with none."""
    return AuthenticationType.NONE if password is None else AuthenticationType.PASSWORD


def authentication_data(password: Secret | None) -> bytes:
    """The 8 bytes of Authentication Data: the password, zeros after it; of a longer one the first 8 bytes."""
    content = b"" if password is None else password.reveal()
    return content[:DATA_LENGTH].ljust(DATA_LENGTH, b"\0")


def is_cut(password: Secret) -> bool:
    """Whether the password is longer than what an advertisement has room for."""
    return len(password.reveal()) > DATA_LENGTH
