"""`failover.linux.sockets.inbox`, on datagram sockets that need no network; over a network it is in `test_sockets`."""

import errno
import os
import socket
import time
from collections.abc import Iterator
from contextlib import closing
from ipaddress import IPv4Address

import pytest

from failover.frames import advertisement_datagram
from failover.lab.network.waiting import wait_until
from failover.linux.packet import VRID_POSITION, unpack
from failover.linux.sockets.inbox import _REST_BYTES, inbox
from failover.linux.sockets.options import ARRIVAL_TIME
from failover.vrrp import Family, ReceivedFrom
from failover.vrrp.scope import GROUPS

SOURCE = IPv4Address("192.0.2.1")
IPV4 = inbox(Family.IPV4)


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """A datagram comes out as a raw IPv4 socket would show it: with its IP header."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with closing(ours), closing(theirs):
        ours.setblocking(False)
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 18)
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 18)
        yield ours, theirs


Pair = tuple[socket.socket, socket.socket]


def datagram(number: int = 0) -> bytes:
    return advertisement_datagram(SOURCE, bytes((0x31, 51, 100, 1, 0, 100, 0, number)) + bytes(4))


def through(pair: Pair, *datagrams: bytes) -> list[bytes]:
    ours, theirs = pair
    for one in datagrams:
        theirs.send(one)
    return IPV4.receive(ours.fileno(), 100, [])


def test_a_packet_comes_out_as_it_went_in(pair: Pair) -> None:
    (packet,) = through(pair, datagram())
    assert packet[VRID_POSITION[Family.IPV4]] == 51
    received = unpack(Family.IPV4, packet)
    assert received is not None
    assert received.payload == datagram()[20:]
    assert received.meta == ReceivedFrom(SOURCE, GROUPS[Family.IPV4], 255)


def test_equal_advertisements_are_equal_whatever_identification_and_checksum_the_kernel_gave_them(pair: Pair) -> None:
    other = bytearray(datagram())
    other[4:8] = b"\x12\x34\x40\x00"
    other[10:12] = b"\xab\xcd"
    one, two = through(pair, datagram(), bytes(other))
    assert one == two


@pytest.mark.parametrize("position", [0, 2, 3, 8, 9, *range(12, 32)])
def test_packets_that_differ_in_what_matters_differ(pair: Pair, position: int) -> None:
    other = bytearray(datagram())
    other[position] ^= 1
    one, two = through(pair, datagram(), bytes(other))
    assert one != two


def test_options_in_the_header_are_skipped(pair: Pair) -> None:
    plain = datagram()
    longer = bytearray(plain[:20] + bytes(8) + plain[20:])
    longer[0], longer[3] = 0x47, len(longer)
    (packet,) = through(pair, bytes(longer))
    received = unpack(Family.IPV4, packet)
    assert received is not None
    assert received.payload == plain[20:]


def test_a_header_that_contradicts_the_length_is_malformed(pair: Pair) -> None:
    (packet,) = through(pair, datagram()[:-1])
    assert unpack(Family.IPV4, packet) is None


def test_what_is_too_long_arrives_cut_and_is_malformed(pair: Pair) -> None:
    long = advertisement_datagram(SOURCE, bytes(9000))
    (packet,) = through(pair, long)
    assert unpack(Family.IPV4, packet) is None


@pytest.mark.parametrize(
    "length", [IPV4._longest - 1, IPV4._longest, IPV4._longest + 1, 1000, IPV4._longest + _REST_BYTES]
)
def test_long_packets_and_short_ones_are_whole_whatever_came_before(pair: Pair, length: int) -> None:
    for batch in ([length, 32, length], [32, length], [length]):
        packets = [advertisement_datagram(SOURCE, os.urandom(size - 20)) for size in batch]
        received = [unpack(Family.IPV4, packet) for packet in through(pair, *packets)]
        assert [one and one.payload for one in received] == [packet[20:] for packet in packets]


@pytest.mark.parametrize("length", [*range(180, 200), 1000, 4088])
def test_long_messages_over_ipv6_are_whole(length: int) -> None:
    messages = [os.urandom(size) for size in (24, length, 24, length)]
    with (
        closing(socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)) as ours,
        closing(socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)) as theirs,
    ):
        ours.bind(("::1", 0))
        ours.setblocking(False)
        for message in messages:
            theirs.sendto(message, ours.getsockname())
        packets = inbox(Family.IPV6).receive(ours.fileno(), 100, [])
    assert [packet[VRID_POSITION[Family.IPV6] - 1 :] for packet in packets] == messages


def test_an_empty_socket_gives_nothing(pair: Pair) -> None:
    assert through(pair) == []


@pytest.mark.parametrize("count", [31, 32, 33, 64, 70])
@pytest.mark.parametrize("limit", [1, 32, 40, 64, 100])
def test_it_takes_all_that_wait_up_to_the_limit_in_order(count: int, limit: int) -> None:
    """More than a Unix socket queues: of UDP."""
    with (
        closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as ours,
        closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as theirs,
    ):
        ours.bind(("127.0.0.1", 0))
        ours.setblocking(False)
        for number in range(count):
            theirs.sendto(datagram(number), ours.getsockname())
        first = IPV4.receive(ours.fileno(), limit, [])
        rest = IPV4.receive(ours.fileno(), 1000, [])
    assert len(first) == min(count, limit)
    assert [packet[21] for packet in first + rest] == list(range(count))


def test_what_goes_wrong_is_an_error() -> None:
    with pytest.raises(OSError, match="recvmmsg") as raised:
        IPV4.receive(-1, 1, [])
    assert raised.value.errno == errno.EBADF


def test_ipv6_without_what_the_header_said_is_malformed() -> None:
    assert unpack(Family.IPV6, bytes(200)) is None


@pytest.mark.parametrize("count", [1, 5, 70])
def test_each_packet_comes_with_the_time_of_its_arrival(count: int) -> None:
    with (
        closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as ours,
        closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as theirs,
    ):
        ours.bind(("127.0.0.1", 0))
        ours.setblocking(False)
        ours.setsockopt(ARRIVAL_TIME.level, ARRIVAL_TIME.number, ARRIVAL_TIME.value)
        until_stamped(ours, theirs)
        before = time.time_ns()
        for number in range(count):
            theirs.sendto(datagram(number), ours.getsockname())
        after = time.time_ns()
        time.sleep(0.02)
        for _ in range(2):  # again, with memory that the kernel has written in before
            arrived: list[int] = []
            packets = IPV4.receive(ours.fileno(), 1000, arrived)
            assert len(arrived) == len(packets) == count
            assert arrived == sorted(arrived)
            assert before <= arrived[0]
            assert arrived[-1] <= after
            before = time.time_ns()
            for number in range(count):
                theirs.sendto(datagram(number), ours.getsockname())
            after = time.time_ns()


def until_stamped(ours: socket.socket, theirs: socket.socket) -> None:
    """The kernel begins to stamp a moment after the first socket has asked for it."""

    def stamped() -> bool:
        sent = time.time_ns()
        theirs.sendto(datagram(), ours.getsockname())
        time.sleep(0.002)
        arrived: list[int] = []
        IPV4.receive(ours.fileno(), 1, arrived)
        return arrived[0] - sent < 1_000_000

    wait_until(stamped, "packets are stamped as they arrive")
