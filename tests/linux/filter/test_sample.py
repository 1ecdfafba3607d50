"""`linux.filter.sample`: a share of a stream passes, and all else passes whole."""

from dataclasses import replace
from ipaddress import ip_address

import pytest

from failover.frames import advertisement_datagram, ipv6
from failover.linux.filter.bpf import ALL
from failover.linux.filter.program import Terms, program
from failover.linux.filter.sample import MOST_STREAMS, Stream, interval_of, stream_of
from failover.linux.packet import lay_out
from failover.vrrp import Address, Advertisement, Family, encode, seconds
from tests.engine.garbage import with_options
from tests.linux.filter.bpf_machine import run
from tests.vrrp.making import GREATER, SMALLER, a_router, an_advertisement

ALERT = b"\x94\x04\0\0"
OTHERS = {0: (1, 255), 255: (0, 254), None: (0, 255)}
"""Priorities of other streams."""
families = pytest.mark.parametrize("family", list(Family))


def datagram(advertisement: Advertisement, source: Address) -> bytes:
    return advertisement_datagram(source, encode(advertisement, source))


def passes(family: Family, terms: Terms, packet: bytes, word: int) -> bool:
    """Whether it does where chance gives this word."""
    start = 0 if family is Family.IPV4 else ipv6.HEADER_LENGTH
    return run(program(family, terms), packet, start, lambda: word) > 0


@families
@pytest.mark.parametrize("options", [b"", ALERT, bytes((1,)) * 40], ids=["plain", "router alert", "many"])
@pytest.mark.parametrize("priority", [0, 1, 200, 254, 255])
@pytest.mark.parametrize("share", [0, 1, ALL // 50, ALL - 1])
def test_of_a_stream_a_share_passes_and_of_all_else_everything(
    family: Family, share: int, priority: int, options: bytes
) -> None:
    advertisement = an_advertisement(a_router(family), priority=priority)
    flood, source = datagram(advertisement, GREATER[family]), GREATER[family]
    if family is Family.IPV4:
        flood = with_options(flood, options)
    stream = Stream(0x31, 51, source.packed, priority if priority in (0, 255) else None)
    assert stream_of(family, lay_out(family, flood, 1)) == stream
    vrids = range(60, 59 + MOST_STREAMS)
    others = [stream._replace(vrid=vrid, source=ip_address(int(source) + vrid).packed) for vrid in vrids]
    shares = {**dict.fromkeys(others[:7], 0), stream: share, **dict.fromkeys(others[7:], 5)}
    terms = Terms(frozenset({51, 52}), sampled=shares)
    assert passes(family, terms, flood, share - 1) == (share > 0)
    assert not passes(family, terms, flood, share)
    assert not passes(family, terms.for_wakeup, flood, 0)
    for packet in (
        *(datagram(replace(advertisement, priority=other), source) for other in OTHERS[stream.priority]),
        datagram(advertisement, SMALLER[family]),
        datagram(advertisement, ip_address(int(source) ^ 1 << (8 * len(source.packed) - 1))),
        datagram(replace(advertisement, vrid=52), source),
    ):
        assert passes(family, terms, packet, ALL - 1)
        assert passes(family, terms, packet, 0)
    assert not passes(family, terms, datagram(replace(advertisement, vrid=53), source), 0)


@families
def test_where_nothing_wakes_all_that_passes_waits(family: Family) -> None:
    advertisement = an_advertisement(a_router(family))
    for terms, wakes in ((Terms(frozenset({51})), True), (Terms(frozenset({51}), wakes=False), False)):
        assert passes(family, terms, datagram(advertisement, GREATER[family]), 0)
        assert passes(family, terms.for_wakeup, datagram(advertisement, GREATER[family]), 0) == wakes


def test_of_two_streams_each_has_a_share_of_its_own() -> None:
    family, one, two = Family.IPV4, an_advertisement(a_router()), an_advertisement(a_router(vrid=52))
    packets = [datagram(each, GREATER[family]) for each in (one, two)]
    shares = {Stream(0x31, vrid, GREATER[family].packed, None): 100 * (vrid - 50) for vrid in (51, 52)}
    terms = Terms(frozenset({51, 52}), sampled=shares)
    for word, expected in ((99, [True, True]), (100, [False, True]), (199, [False, True]), (200, [False, False])):
        assert [passes(family, terms, packet, word) for packet in packets] == expected


@families
@pytest.mark.parametrize("interval", [0.01, 1, 40.95])
def test_the_interval_is_the_advertisements_own(family: Family, interval: float) -> None:
    packet = datagram(an_advertisement(a_router(family), interval=seconds(interval)), GREATER[family])
    assert interval_of(family, lay_out(family, packet, 1)) == seconds(interval)
    if family is Family.IPV4:
        assert interval_of(family, lay_out(family, with_options(packet, ALERT), 1)) == seconds(interval)


def test_what_is_too_short_is_in_no_stream() -> None:
    whole = lay_out(Family.IPV4, datagram(an_advertisement(a_router()), GREATER[Family.IPV4]), 1)
    stream = stream_of(Family.IPV4, whole)
    assert stream is not None
    assert [stream_of(Family.IPV4, whole[:length]) for length in (0, 1, 14, 16)] == [None] * 4
    assert stream_of(Family.IPV4, b"\x44" + whole[1:]) is None
    alert = with_options(datagram(an_advertisement(a_router()), GREATER[Family.IPV4]), ALERT)
    with_some = lay_out(Family.IPV4, alert, 1)
    assert [stream_of(Family.IPV4, with_some[:length]) for length in (14, 20, 21)] == [None, None, stream]
