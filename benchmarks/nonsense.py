"""Frames that are no advertisement, or one that must not be obeyed: a table of how a good one is spoilt."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from benchmarks.packets import frame, message
from failover.lab.network.lan import Host
from failover.lab.router import RouterSpec

PRIORITY: Final = 50
"""Of the stranger: lower than that of the MASTER, except where the packet is spoilt anyway."""
HIGHER: Final = 250
UNKNOWN_VRID: Final = 199

Spoil = Callable[[Host, RouterSpec], bytes]


def _spoilt(change: Callable[[bytearray], bytes | bytearray]) -> Spoil:
    """A message of a higher priority, changed after its checksum was computed."""

    def build(host: Host, spec: RouterSpec) -> bytes:
        return _frame(host, bytes(change(bytearray(_message(host, spec, HIGHER)))))

    return build


def _message(host: Host, spec: RouterSpec, priority: int) -> bytes:
    return message(spec, str(host.ipv4.ip), priority)


def _frame(host: Host, payload: bytes, ttl: int = 255) -> bytes:
    return frame(host.mac, str(host.ipv4.ip), payload, ttl)


def _with_byte(index: int, value: int) -> Spoil:
    """One byte replaced and the checksum made right again, so that only that byte is wrong."""

    def change(payload: bytearray) -> bytearray:
        before = int.from_bytes(payload[index & ~1 : (index & ~1) + 2])
        payload[index] = value
        after = int.from_bytes(payload[index & ~1 : (index & ~1) + 2])
        payload[6:8] = adjusted(int.from_bytes(payload[6:8]), before, after).to_bytes(2)
        return payload

    return _spoilt(change)


def adjusted(checksum: int, before: int, after: int) -> int:
    """The checksum after one word of the message has changed (RFC 1624 §3)."""
    total = (~checksum & 0xFFFF) + (~before & 0xFFFF) + after
    total = (total & 0xFFFF) + (total >> 16)
    total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def _bad_checksum(payload: bytearray) -> bytearray:
    payload[6] ^= 0x55
    return payload


KINDS: Final[dict[str, Spoil]] = {
    "bad checksum": _spoilt(_bad_checksum),
    "TTL 254": lambda host, spec: _frame(host, _message(host, spec, HIGHER), 254),
    "truncated": _spoilt(lambda payload: payload[:6]),
    "version 7": _with_byte(0, 0x71),
    "version 2 to a version 3 router": lambda host, spec: _frame(
        host, _message(host, replace(spec, version=2, interval=1), HIGHER)
    ),
    "type 2": _with_byte(0, 0x32),
    "count larger than the packet": _with_byte(3, 20),
    "count 0": _with_byte(3, 0),
    "unknown VRID": lambda host, spec: _frame(host, _message(host, replace(spec, vrid=UNKNOWN_VRID), HIGHER)),
    "trailing bytes": _spoilt(lambda payload: payload + bytes(8)),
    "lower priority from a stranger": lambda host, spec: _frame(host, _message(host, spec, PRIORITY)),
}
"""What it is to the frame, from the stranger's host, for the MASTER's virtual router."""
