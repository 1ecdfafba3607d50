"""Each kind of nonsense is wrong in the way that its name says, and in no other."""

from pathlib import Path

import pytest

from benchmarks.nonsense import KINDS, adjusted
from benchmarks.packets import message
from benchmarks.scenarios.floods import INTERVAL, worst_lateness
from failover.frames import ipv4
from failover.lab.network.lan import Host
from failover.lab.router import RouterSpec
from failover.vrrp import (
    Advertisement,
    Discard,
    DiscardReason,
    ReceivedFrom,
    VirtualRouter,
    receive,
    seconds,
)

SPEC = RouterSpec(addresses=("10.0.1.1/16",), vrid=1, interval=INTERVAL)
ROUTER = VirtualRouter(
    vrid=SPEC.vrid,
    addresses=SPEC.virtual_addresses,
    primary_address=RouterSpec(addresses=("10.0.0.1/16",)).virtual_addresses[0].ip,
    advertisement_interval=seconds(INTERVAL),
)
REASONS = {
    "bad checksum": DiscardReason.CHECKSUM,
    "TTL 254": DiscardReason.HOP_LIMIT,
    "truncated": DiscardReason.LENGTH,
    "version 7": DiscardReason.VERSION,
    "version 2 to a version 3 router": DiscardReason.VERSION,
    "type 2": DiscardReason.TYPE,
    "count larger than the packet": DiscardReason.LENGTH,
    "count 0": DiscardReason.ADDRESS_COUNT,
    "unknown VRID": DiscardReason.VRID,
    "trailing bytes": DiscardReason.TRAILING_BYTES,
    "lower priority from a stranger": None,
}


def outcome(kind: str) -> Advertisement | Discard:
    frame = KINDS[kind](Host("client", 9, ("10.0.0.9/16",), Path()), SPEC)
    datagram = ipv4.parse(frame[14:])
    assert datagram is not None
    return receive(datagram.payload, ReceivedFrom(datagram.source, datagram.destination, datagram.ttl), ROUTER)


@pytest.mark.parametrize("kind", KINDS)
def test_nonsense_is_refused_for_the_reason_in_its_name(kind: str) -> None:
    found = outcome(kind)
    assert REASONS[kind] == (found.reason if isinstance(found, Discard) else None)


def test_the_stranger_has_a_lower_priority() -> None:
    found = outcome("lower priority from a stranger")
    assert isinstance(found, Advertisement)
    assert found.priority < SPEC.priority


def test_an_adjusted_checksum_is_the_one_that_was_computed_anew() -> None:
    one, two = message(SPEC, "10.0.0.9", 100), message(SPEC, "10.0.0.9", 101)
    words = [int.from_bytes(message[2:4]) for message in (one, two)]
    assert adjusted(int.from_bytes(one[6:8]), *words) == int.from_bytes(two[6:8])


def test_silence_at_the_end_is_lateness_too() -> None:
    interval = round(INTERVAL * 1e9)
    assert worst_lateness([0, interval, 2 * interval + 7], 3 * interval) == 7
    assert worst_lateness([0, interval], 5 * interval) == 2 * interval
