"""What this process may do: the capabilities of Linux that the engine needs, and whether they are there."""

from pathlib import Path
from typing import Final

NEEDED: Final = {"CAP_NET_ADMIN": 12, "CAP_NET_RAW": 13}
"""Addresses on interfaces; raw sockets. The numbers are those of linux/capability.h."""


def missing() -> tuple[str, ...]:
    """The needed capabilities that this process does not have in effect."""
    return _missing_in(Path("/proc/self/status").read_text())


def _missing_in(status: str) -> tuple[str, ...]:
    for line in status.splitlines():
        if line.startswith("CapEff:"):
            effective = int(line.split()[1], 16)
            return tuple(name for name, bit in NEEDED.items() if not effective >> bit & 1)
    return tuple(NEEDED)
