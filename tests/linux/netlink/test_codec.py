"""The netlink frame: numbering, acknowledgements, answers; and that no bytes make it raise or loop."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from failover.linux.netlink.codec import (
    Acknowledged,
    Done,
    Payload,
    Refused,
    attribute,
    attributes,
    batch,
    frames,
    numbered,
    request,
    text,
    u32,
)

HEADER = struct.Struct("=IHHII")


def message(kind: int, flags: int, sequence: int, body: bytes) -> bytes:
    padding = bytes(-len(body) % 4)
    return HEADER.pack(HEADER.size + len(body), kind, flags, sequence, 0) + body + padding


def test_a_request_says_its_length_type_and_flags() -> None:
    assert HEADER.unpack_from(request(20, 0x600, b"12345678")) == (24, 20, 0x601, 0, 0)


def test_an_attribute_is_padded_to_four_bytes_but_its_length_is_not() -> None:
    assert attribute(11, b"\x70") == struct.pack("=HHB3x", 5, 11, 0x70)


def test_requests_are_numbered_in_their_order_and_nothing_else_changes() -> None:
    requests = [request(20, 0x600, b"1234"), request(21, 0, b"12345678")]
    first, second = numbered(requests, 7)
    assert first == request(20, 0x600, b"1234").replace(bytes(8), struct.pack("=II", 7, 0))
    assert HEADER.unpack_from(second)[3] == 8
    assert second[16:] == b"12345678"


def test_a_batch_asks_for_an_acknowledgement_of_its_last_request_only() -> None:
    datagram = batch([request(20, 0, b"1234")] * 3, 5)
    headers = [HEADER.unpack_from(datagram, offset) for offset in (0, 20, 40)]
    assert [flags for _, _, flags, _, _ in headers] == [0x1, 0x1, 0x5]
    assert [sequence for _, _, _, sequence, _ in headers] == [5, 6, 7]


@pytest.mark.parametrize(
    ("datagram", "expected"),
    [
        pytest.param(
            message(2, 0, 9, struct.pack("=i", 0) + HEADER.pack(16, 20, 5, 9, 0)),
            Acknowledged(9),
            id="error-zero-is-an-acknowledgement",
        ),
        pytest.param(
            message(2, 0x100, 9, struct.pack("=i", -17) + HEADER.pack(48, 20, 5, 9, 0)),
            Refused(9, 17, ""),
            id="capped",
        ),
        pytest.param(
            message(2, 0, 9, struct.pack("=i", -(2**31))), Refused(9, 2**31 - 1, ""), id="an-errno-that-is-no-int"
        ),
        pytest.param(
            message(2, 0x300, 9, struct.pack("=i", -13) + HEADER.pack(48, 20, 5, 9, 0) + attribute(1, b"no\0")),
            Refused(9, 13, "no"),
            id="capped-with-text",
        ),
        pytest.param(
            message(
                2,
                0x200,
                9,
                struct.pack("=i", -13) + HEADER.pack(20, 20, 5, 9, 0) + b"body" + attribute(1, b"no\0"),
            ),
            Refused(9, 13, "no"),
            id="whole-request-then-text",
        ),
        pytest.param(message(3, 0x2, 9, struct.pack("=i", 0)), Done(9, 0, interrupted=False), id="done"),
        pytest.param(message(3, 0x12, 9, struct.pack("=i", 0)), Done(9, 0, interrupted=True), id="interrupted"),
        pytest.param(message(3, 0x2, 9, struct.pack("=i", -22)), Done(9, 22, interrupted=False), id="done-early"),
        pytest.param(message(16, 0x12, 9, b"abc"), Payload(16, 9, b"abc", interrupted=True), id="any-other-type"),
    ],
)
def test_a_message_is_read_as_what_it_is(datagram: bytes, expected: object) -> None:
    assert list(frames(datagram)) == [expected]


def test_all_messages_of_a_datagram_are_read_across_their_padding() -> None:
    datagram = message(16, 0, 1, b"abc") + message(17, 0, 2, b"") + message(20, 0, 3, b"abcd")
    assert [(one.kind, one.body) for one in frames(datagram) if isinstance(one, Payload)] == [
        (16, b"abc"),
        (17, b""),
        (20, b"abcd"),
    ]


@pytest.mark.parametrize("length", [0, 4, 15, 21, 2**32 - 1])
def test_a_length_that_does_not_fit_ends_the_datagram(length: int) -> None:
    whole = message(17, 0, 1, b"")
    assert list(frames(whole + struct.pack("=IHHII", length, 16, 0, 0, 0) + b"abcd")) == list(frames(whole))


def test_an_error_too_short_for_its_number_is_skipped() -> None:
    datagram = message(2, 0, 1, b"") + message(3, 0, 1, b"ab") + message(17, 0, 2, b"")
    assert [one.sequence for one in frames(datagram)] == [2]


@pytest.mark.parametrize("length", [0, 3, 9, 65535])
def test_an_attribute_that_does_not_fit_ends_the_attributes(length: int) -> None:
    body = b"skip" + attribute(1, b"a") + struct.pack("=HH", length, 2) + b"abcd"
    assert attributes(body, 4) == {1: b"a"}


def test_the_flags_in_an_attribute_type_are_not_part_of_it() -> None:
    assert attributes(attribute(0x8000 | 18, b"nest"), 0) == {18: b"nest"}


def test_values_of_the_wrong_size_and_text_that_is_not_utf8_are_harmless() -> None:
    assert u32(None) is None
    assert u32(b"abc") is None
    assert u32(struct.pack("=I", 1500)) == 1500
    assert text(b"caf\xe9\0rest").encode(errors="surrogateescape") == b"caf\xe9"


@given(st.binary(max_size=200))
def test_no_bytes_make_the_frame_raise(datagram: bytes) -> None:
    assert len(list(frames(datagram))) <= len(datagram) // 16
    assert len(attributes(datagram, 0)) <= len(datagram) // 4


@given(
    st.sampled_from((2, 3)),
    st.integers(0, 0xFFFF),
    st.integers(0, 0xFFFFFFFF),
    st.binary(max_size=60),
)
def test_no_answer_makes_the_frame_raise(kind: int, flags: int, sequence: int, body: bytes) -> None:
    found = list(frames(message(kind, flags, sequence, body)))
    assert [one.sequence for one in found] == ([sequence] if len(body) >= 4 else [])
