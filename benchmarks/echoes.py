"""Who answers a client: ICMP echo replies as the switch saw them."""

import struct
from collections.abc import Iterator

from failover.lab.network.capture import Capture

_ETHERTYPE_IPV4 = b"\x08\x00"
_ICMP = 1
_ECHO_REPLY = 0


def replies(capture: Capture, host: str, since: int) -> Iterator[int]:
    """When a host sent echo replies, from an instant on."""
    for frame in capture.frames():
        data = frame.data
        if frame.at < since or frame.host != host or data[12:14] != _ETHERTYPE_IPV4 or data[23] != _ICMP:
            continue
        (kind,) = struct.unpack_from("B", data, 14 + (data[14] & 0xF) * 4)
        if kind == _ECHO_REPLY:
            yield frame.at


def first_reply(capture: Capture, host: str, since: int) -> int | None:
    """The first of them."""
    return next(replies(capture, host, since), None)
