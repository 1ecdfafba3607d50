"""HMAC-SHA256 (RFC 2104, FIPS 180-4), by the interpreter's own SHA-256.

`hashlib` would load OpenSSL, which takes 4 MB of memory in a process that needs but this.
"""

from collections.abc import Callable
from functools import lru_cache
from importlib import import_module
from typing import Any, Final

_BLOCK: Final = 64
"""Bytes: a key is never longer."""
_INNER: Final = bytes(byte ^ 0x36 for byte in range(256))
_OUTER: Final = bytes(byte ^ 0x5C for byte in range(256))


def _sha256() -> Callable[[bytes], Any]:
    for name in ("_sha2", "_sha256", "hashlib"):  # Python 3.12, 3.11, and one that was built without them
        try:
            found: Callable[[bytes], Any] = import_module(name).sha256
        except ImportError:
            continue
        return found
    raise ImportError("this Python has no SHA-256")


_SHA256: Final = _sha256()


@lru_cache(maxsize=1024)
def _begun(key: bytes) -> tuple[Any, Any]:
    """The two hashes of a key, before any message: half of the work."""
    block = key.ljust(_BLOCK, b"\0")
    return _SHA256(block.translate(_INNER)), _SHA256(block.translate(_OUTER))


def digest(key: bytes, message: bytes) -> bytes:
    """The 32 bytes of the HMAC of a message. `key` has at most 64 bytes."""
    begun, ended = _begun(key)
    inner, outer = begun.copy(), ended.copy()
    inner.update(message)
    outer.update(inner.digest())
    result: bytes = outer.digest()
    return result
