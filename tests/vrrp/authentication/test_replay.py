"""Sequences and marks: nothing is heard twice, and a clock that is set keeps nobody silent for long."""

from dataclasses import replace
from ipaddress import ip_address
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from failover.vrrp import (
    Address,
    Advertisement,
    Discard,
    DiscardReason,
    Family,
    Interval,
    ReceivedFrom,
    encode,
    seconds,
)
from failover.vrrp.authentication.keys import KeyedAuthentication
from failover.vrrp.authentication.replay import MOST_SENDERS, NO_MARKS, Marks, is_in_time, is_stale
from failover.vrrp.authentication.sequence import SECOND, Sequence, ahead, at, following, span
from failover.vrrp.packet.authenticated import receive_signed
from failover.vrrp.scope import GROUPS
from tests.vrrp.authentication.test_trailer import BY, KEY, ROUTERS, WALL, digest, signed
from tests.vrrp.making import an_advertisement

NANOSECONDS: Final = 1_000_000_000
sequences = st.integers(0, 2**64 - 1).map(Sequence)
walls = st.integers(0, 2**33 * NANOSECONDS)
windows = st.none() | st.integers(1, 765).map(seconds)
ONE: Final = ip_address("198.51.100.10")


def later(sequence: int, numbers: int) -> Sequence:
    return Sequence((sequence + numbers) % 2**64)


def sent(by: KeyedAuthentication, sequence: Sequence, source: Address = ONE) -> bytes:
    return signed(encode(an_advertisement(ROUTERS[Family.IPV4], priority=200), source), source, by, sequence, digest)


def hear(payload: bytes, marks: Marks, wall: int = WALL, source: Address = ONE) -> tuple[DiscardReason | None, Marks]:
    meta = ReceivedFrom(source, GROUPS[Family.IPV4], 255)
    found, moved = receive_signed(payload, meta, ROUTERS[Family.IPV4], marks, wall, digest)
    assert isinstance(found, Advertisement | Discard)
    return (found.reason if isinstance(found, Discard) else None), moved


@given(sequences, st.integers(1, 2**63 - 1))
def test_a_number_is_newer_that_is_less_than_half_of_all_ahead(sequence: Sequence, numbers: int) -> None:
    assert ahead(later(sequence, numbers), sequence) == numbers
    assert ahead(sequence, later(sequence, numbers)) == -numbers


@given(walls)
def test_a_moment_is_seconds_and_a_binary_fraction_and_the_counter_begins_at_zero(wall: int) -> None:
    sequence = at(wall)
    assert sequence >> 32 == wall // NANOSECONDS % 2**32
    assert (sequence >> 16) % 2**16 == wall % NANOSECONDS * 2**16 // NANOSECONDS
    assert sequence % 2**16 == 0
    assert span(seconds(1)) == SECOND


@given(st.lists(st.integers(-10 * NANOSECONDS, 10 * NANOSECONDS), max_size=30), walls, windows)
def test_what_is_sent_grows_unless_a_clock_that_was_set_back_has_left_it_behind(
    steps: list[int], wall: int, window: Interval | None
) -> None:
    last: Sequence | None = None
    for step in steps:
        wall = max(0, wall + step)
        now = at(wall)
        number = following(last, now, window)
        gave_up = last is not None and window is not None and ahead(last, now) > span(window)
        assert gave_up or last is None or ahead(number, last) > 0
        assert ahead(number, now) >= 0
        assert window is None or ahead(number, now) <= span(window) + 1, "it would be refused"
        last = number


@given(sequences, windows)
def test_many_in_one_moment_are_counted(now: Sequence, window: Interval | None) -> None:
    first = following(None, now, window)
    second = following(first, now, window)
    assert (first, second) == (now, later(now, 1))


@given(st.lists(st.integers(-3, 3), max_size=40), windows)
def test_no_number_of_a_sender_is_heard_twice_nor_one_before_it(numbers: list[int], window: Interval | None) -> None:
    now, marks, heard = at(WALL), NO_MARKS, list[int]()
    for number in numbers:
        sequence = later(now, number)
        if not is_stale(sequence, marks.of(ONE), now, window):
            heard.append(number)
            marks = marks.moved(ONE, sequence)
    assert heard == sorted(set(heard))


@given(sequences, windows)
def test_who_was_never_heard_has_sent_nothing_old(sequence: Sequence, window: Interval | None) -> None:
    assert not is_stale(sequence, None, at(WALL), window)


def test_a_replayed_advertisement_is_refused_before_a_digest_is_made() -> None:
    payload = sent(BY, at(WALL))
    reason, marks = hear(payload, NO_MARKS)
    assert reason is None

    def none(_: bytes, __: bytes) -> bytes:
        raise AssertionError

    meta = ReceivedFrom(ONE, GROUPS[Family.IPV4], 255)
    for older in (payload, sent(BY, later(at(WALL), -1))):
        found, after = receive_signed(older, meta, ROUTERS[Family.IPV4], marks, WALL, none)
        assert (found, after) == (Discard(DiscardReason.REPLAYED), marks)
    assert hear(sent(BY, later(at(WALL), 1)), marks)[0] is None


def test_a_copy_with_another_checksum_does_not_have_the_advertisement_itself_refused() -> None:
    payload = sent(BY, at(WALL))
    copied = payload[:6] + bytes((payload[6] ^ 1,)) + payload[7:]
    reason, marks = hear(copied, NO_MARKS)
    assert (reason, marks) == (DiscardReason.CHECKSUM, NO_MARKS), "the digest does not cover it"
    assert hear(payload, marks)[0] is None


def test_what_is_signed_and_of_no_use_moves_the_mark_all_the_same() -> None:
    router = ROUTERS[Family.IPV4]
    without_interval = encode(replace(an_advertisement(router), interval=Interval(0)), ONE)
    payload = signed(without_interval, ONE, BY, at(WALL), digest)
    reason, marks = hear(payload, NO_MARKS)
    assert reason is DiscardReason.INTERVAL
    assert hear(payload, marks)[0] is DiscardReason.REPLAYED


@pytest.mark.parametrize(
    ("meta", "reason"),
    [
        (ReceivedFrom(ONE, GROUPS[Family.IPV4], 254), DiscardReason.HOP_LIMIT),
        (ReceivedFrom(ONE, ip_address("198.51.100.11"), 255), DiscardReason.DESTINATION),
        (ReceivedFrom(ip_address("198.51.100.11"), GROUPS[Family.IPV4], 255), DiscardReason.OWN_SOURCE),
    ],
)
def test_what_may_not_have_come_that_way_is_refused_before_its_trailer_is_read(
    meta: ReceivedFrom, reason: DiscardReason
) -> None:
    router = ROUTERS[Family.IPV4]
    for payload in (sent(BY, at(WALL)), sent(BY, at(WALL))[:-16] + bytes(16)):
        found, marks = receive_signed(payload, meta, router, NO_MARKS, WALL, digest)
        assert isinstance(found, Discard)
        assert (found.reason, marks) == (reason, NO_MARKS)


def test_a_wrong_digest_does_not_move_the_mark() -> None:
    _, marks = hear(sent(BY, at(WALL)), NO_MARKS)
    forged = sent(BY, later(at(WALL), SECOND))[:-16] + bytes(16)
    assert hear(forged, marks) == (DiscardReason.SIGNATURE, marks)
    assert hear(sent(BY, later(at(WALL), 1)), marks)[0] is None


@pytest.mark.parametrize("by", [-6, -5.01, 5.01, 6, 3600, -86400 * 365])
def test_what_is_not_of_about_now_is_refused_and_told_by_how_much(by: float) -> None:
    payload = sent(BY, later(at(WALL), int(by * SECOND)))
    meta = ReceivedFrom(ONE, GROUPS[Family.IPV4], 255)
    found, marks = receive_signed(payload, meta, ROUTERS[Family.IPV4], NO_MARKS, WALL, digest)
    assert found == Discard(DiscardReason.TIME, f"{by:+.1f} s from ours")
    assert marks == NO_MARKS
    assert hear(sent(BY, later(at(WALL), int(by / abs(by) * 4.99 * SECOND))), NO_MARKS)[0] is None


def test_a_receiver_whose_clock_is_set_back_hears_the_sender_again_once_its_clock_is_too() -> None:
    _, marks = hear(sent(BY, at(WALL)), NO_MARKS)
    back = WALL - 3600 * NANOSECONDS
    assert hear(sent(BY, at(WALL + NANOSECONDS)), marks, back)[0] is DiscardReason.TIME
    reason, marks = hear(sent(BY, at(back)), marks, back)
    assert reason is None, "the mark of an hour ahead is forgotten"
    assert hear(sent(BY, at(back)), marks, back)[0] is DiscardReason.REPLAYED


def test_without_a_window_time_means_nothing_and_the_mark_holds_for_ever() -> None:
    assert is_stale(at(WALL), at(WALL + 3600 * NANOSECONDS), at(0), None)
    assert not is_stale(at(WALL), at(WALL + 3600 * NANOSECONDS), at(0), seconds(5))
    assert not is_in_time(at(WALL), at(0), seconds(5))


def test_four_senders_are_remembered_and_of_more_the_longest_silent_is_forgotten() -> None:
    senders = [ip_address(f"198.51.100.{number}") for number in range(20, 26)]
    marks = NO_MARKS
    for sender in senders[:MOST_SENDERS]:
        marks = hear(sent(BY, at(WALL), sender), marks, source=sender)[1]
    marks = hear(sent(BY, later(at(WALL), 1), senders[0]), marks, source=senders[0])[1]
    marks = hear(sent(BY, at(WALL), senders[4]), marks, source=senders[4])[1]
    assert [sender for sender, _ in marks.heard] == [senders[2], senders[3], senders[0], senders[4]]
    assert hear(sent(BY, at(WALL), senders[2]), marks, source=senders[2])[0] is DiscardReason.REPLAYED


def test_another_key_signs_with_its_own_number_and_each_is_heard() -> None:
    other = KeyedAuthentication(keys=((7, BY.keys[0][1]),), active_key=7, window=BY.window)
    assert hear(sent(other, at(WALL)), NO_MARKS)[0] is DiscardReason.KEY
    assert KEY.hex() not in str(hear(sent(other, at(WALL)), NO_MARKS))
