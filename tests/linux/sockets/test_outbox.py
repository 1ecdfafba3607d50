"""`failover.linux.sockets.outbox` on datagram sockets that need no network."""

import errno
import gc
import os
import socket
import struct
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, suppress
from itertools import islice
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from failover.linux.sockets.outbox import AT_ONCE, Destination, Packets, join

HERE: Final = (0, 1, 2)
"""The receivers that there are; a member may name others."""
DESTINATIONS: Final = st.integers(0, 4)
MEMBERS = st.lists(st.tuples(DESTINATIONS, st.integers(0, 40)), max_size=8)
"""Of each member where its packets go, and how many they are."""


class Post:
    """Receivers, and a sender that is bound to nothing."""

    def __init__(self, stack: ExitStack) -> None:
        self.sender = stack.enter_context(closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)))
        self.receivers: dict[int, socket.socket] = {}
        for number in HERE:
            receiver = stack.enter_context(closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)))
            receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
            receiver.bind(("127.0.0.1", 0))
            receiver.setblocking(False)
            self.receivers[number] = receiver

    def destination(self, number: int) -> Destination:
        """Its address; port 0 of one that is not there is refused."""
        port = self.receivers[number].getsockname()[1] if number in self.receivers else 0
        sockaddr = struct.pack("=H", socket.AF_INET) + struct.pack("!H4s8x", port, socket.inet_aton("127.0.0.1"))
        return Destination(sockaddr, ("127.0.0.1", port))

    def received(self) -> dict[int, list[bytes]]:
        """What each has got since the last time, in its order."""
        return {number: list(_all_of(receiver)) for number, receiver in self.receivers.items()}


def _all_of(receiver: socket.socket) -> Iterator[bytes]:
    while True:
        try:
            yield receiver.recv(10_000)
        except BlockingIOError:
            return


@pytest.fixture(scope="module")
def post() -> Iterator[Post]:
    with ExitStack() as stack:
        yield Post(stack)


def contents(member: int, count: int) -> list[bytes]:
    """Packets that no other member has, of different lengths."""
    return [f"{member}.{number}".encode().ljust(4 + number, b".") for number in range(count)]


def one_by_one(post: Post, members: Sequence[tuple[int, int]]) -> set[int]:
    """The same by sendto(2), a member given up at its first refusal; the places of those that were refused."""
    refused = set()
    for place, (to, count) in enumerate(members):
        address = post.receivers[to].getsockname() if to in post.receivers else ("127.0.0.1", 0)
        for content in contents(place, count):
            try:
                post.sender.sendto(content, address)
            except OSError:
                refused.add(place)
                break
    return refused


@given(MEMBERS)
def test_a_burst_is_what_the_same_packets_sent_one_by_one_would_be_and_a_refused_member_stops_no_other(
    post: Post, members: list[tuple[int, int]]
) -> None:
    refused = one_by_one(post, members)
    expected = post.received()
    burst = join([Packets(contents(place, count), [post.destination(to)]) for place, (to, count) in enumerate(members)])
    assert len(burst) == sum(count for _, count in members)
    failures = burst.send_all(post.sender.fileno())
    assert failures.keys() == refused
    assert {error.errno for error in failures.values()} <= {errno.EINVAL}
    assert post.received() == expected


@given(MEMBERS)
def test_the_packets_of_a_burst_are_those_that_the_kernel_would_read(
    post: Post, members: list[tuple[int, int]]
) -> None:
    burst = join([Packets(contents(place, count), [post.destination(to)]) for place, (to, count) in enumerate(members)])
    assert list(burst) == [content for place, (_, count) in enumerate(members) for content in contents(place, count)]


@given(MEMBERS, st.integers(0, 320))
def test_one_call_sends_at_most_so_many_from_any_place_on(
    post: Post, members: list[tuple[int, int]], first: int
) -> None:
    members = [(to % len(HERE), count) for to, count in members]
    everything = [(to, content) for place, (to, count) in enumerate(members) for content in contents(place, count)]
    if first >= len(everything):
        return
    burst = join([Packets(contents(place, count), [post.destination(to)]) for place, (to, count) in enumerate(members)])
    sent = burst.send(post.sender.fileno(), first)
    assert sent == min(AT_ONCE, len(everything) - first)
    expected: dict[int, list[bytes]] = {number: [] for number in HERE}
    for to, content in islice(everything, first, first + sent):
        expected[to].append(content)
    assert post.received() == expected


def test_a_burst_may_be_sent_again_and_again(post: Post) -> None:
    burst = join([Packets(contents(0, 3), [post.destination(0)]), Packets(contents(1, 2), [post.destination(1)])])
    for _ in range(3):
        assert burst.send_all(post.sender.fileno()) == {}
        assert post.received() == {0: contents(0, 3), 1: contents(1, 2), 2: []}


def test_packets_outlive_whoever_made_them_as_long_as_a_burst_has_them(post: Post) -> None:
    burst = join([Packets([bytes([65 + n]) * 500 for n in range(20)], [post.destination(0)]) for _ in range(2)])
    _overwrite = [bytes([97]) * 500 for _ in range(1000)]
    assert burst.send_all(post.sender.fileno()) == {}
    assert post.received()[0] == [bytes([65 + n]) * 500 for n in range(20)] * 2


def test_without_a_destination_a_packet_goes_where_the_socket_is_connected() -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with closing(ours), closing(theirs):
        assert Packets([b"one", b"two"]).send(ours.fileno()) == 2
        assert [theirs.recv(10), theirs.recv(10)] == [b"one", b"two"]


def test_a_full_queue_ends_the_call_at_the_packet_that_found_no_room() -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with closing(ours), closing(theirs):
        ours.setblocking(False)
        theirs.setblocking(False)
        burst = join([Packets([bytes([n]) for n in range(AT_ONCE)])] * 100)
        first = 0
        with suppress(BlockingIOError):
            while first < len(burst):
                first += burst.send(ours.fileno(), first)
        received = list(_all_of(theirs))
        assert 0 < len(received) < len(burst)
        assert received == [bytes([n % AT_ONCE]) for n in range(first)]
        again = burst.send(ours.fileno(), first)
        assert next(_all_of(theirs)) == bytes([first % AT_ONCE])
        assert again > 0


def test_where_nobody_takes_anything_every_member_has_the_error() -> None:
    burst = join([Packets([b"one", b"two"]), Packets([b"three"])])
    closed = os.open("/dev/null", os.O_RDONLY)
    os.close(closed)
    failures = burst.send_all(closed)
    assert {place: error.errno for place, error in failures.items()} == {0: errno.EBADF, 1: errno.EBADF}
    error = OSError(errno.ENETDOWN, "down")
    assert burst.refused(error) == {0: error, 1: error}


def test_refusals_leave_no_garbage_behind(post: Post) -> None:
    """Nobody collects any in the engine, and a firewall may refuse every beat."""
    burst = join([Packets([b"x"], [post.destination(4)]), Packets([b"y"], [post.destination(4)])])
    gc.collect()
    gc.disable()
    try:
        assert len(burst.send_all(post.sender.fileno())) == 2
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_only_one_packet_alone_that_has_a_destination_can_be_sent_by_the_socket_module(post: Post) -> None:
    to = post.destination(0)
    alone = Packets([b"one"], [to])
    assert alone.single == (b"one", to)
    assert join([alone]).single == (b"one", to)
    for other in (
        Packets([b"one"]),
        Packets([], [to]),
        Packets([b"one", b"two"], [to]),
        join([alone, alone]),
        join([]),
    ):
        assert other.single is None


def test_a_burst_of_nothing_sends_nothing(post: Post) -> None:
    assert join([]).send_all(post.sender.fileno()) == {}
    assert join([Packets([], [post.destination(0)])]).send_all(post.sender.fileno()) == {}
