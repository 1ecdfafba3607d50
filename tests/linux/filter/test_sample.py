"""`linux.filter.sample`: a share of a stream passes, and all else passes whole."""

from dataclasses import replace
from ipaddress import ip_address

import pytest

from failover.frames import advertisement_datagram, ipv6
from failover.linux.filter.bpf import ALL
from failover.linux.filter.program import Terms, program
from failover.linux.filter.sample import MOST_STREAMS, Stream, stream_of
from failover.linux.packet import lay_out
from failover.vrrp import Address, Advertisement, Family, encode
from tests.linux.filter.bpf_machine import run
from tests.vrrp.making import GREATER, SMALLER, a_router, an_advertisement

families = pytest.mark.parametrize("family", list(Family))


def datagram(advertisement: Advertisement, source: Address) -> bytes:
    return advertisement_datagram(source, encode(advertisement, source))


def passes(family: Family, terms: Terms, packet: bytes, word: int) -> bool:
    """Whether it does where chance gives this word."""
    start = 0 if family is Family.IPV4 else ipv6.HEADER_LENGTH
    return run(program(family, terms), packet, start, lambda: word) > 0


@families
@pytest.mark.parametrize("resigns", [True, False])
@pytest.mark.parametrize("share", [0, 1, ALL // 50, ALL - 1])
def test_of_a_stream_a_share_passes_and_of_all_else_everything(family: Family, share: int, *, resigns: bool) -> None:
    advertisement = an_advertisement(a_router(family), priority=0 if resigns else 200)
    flood, source = datagram(advertisement, GREATER[family]), GREATER[family]
    stream = Stream(0x31, 51, source.packed, resigns)
    assert stream_of(family, lay_out(family, flood, 1)) == stream
    others = {
        Stream(0x31, vrid, ip_address(int(source) + vrid).packed, resigns) for vrid in range(60, 59 + MOST_STREAMS)
    }
    terms = Terms(frozenset({51, 52}), sampled=frozenset({stream, *others}), share=share)
    assert passes(family, terms, flood, share - 1) == (share > 0)
    assert not passes(family, terms, flood, share)
    other_kind = replace(advertisement, priority=7 if resigns else 0)
    for packet in (
        datagram(other_kind, source),
        datagram(advertisement, SMALLER[family]),
        datagram(advertisement, ip_address(int(source) ^ 1 << (8 * len(source.packed) - 1))),
        datagram(replace(advertisement, vrid=52), source),
    ):
        assert passes(family, terms, packet, ALL - 1)
        assert passes(family, terms, packet, 0)
    assert not passes(family, terms, datagram(replace(advertisement, vrid=53), source), 0)


@families
def test_without_streams_nothing_is_left_to_chance(family: Family) -> None:
    assert program(family, Terms(frozenset({51}), share=0)) == program(family, Terms(frozenset({51})))


def test_what_is_too_short_or_has_ip_options_is_in_no_stream() -> None:
    whole = lay_out(Family.IPV4, datagram(an_advertisement(a_router()), GREATER[Family.IPV4]), 1)
    assert stream_of(Family.IPV4, whole) is not None
    assert stream_of(Family.IPV4, b"\x46" + whole[1:]) is None
    assert [stream_of(Family.IPV4, whole[:length]) for length in (0, 1, 14, 16)] == [None] * 4
