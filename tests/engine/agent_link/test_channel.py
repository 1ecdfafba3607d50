"""The channel: bounded, never waiting, whatever the agent does."""

import select
import socket
import time
from collections.abc import Iterator
from contextlib import closing, suppress

import pytest

from failover.engine.agent_link.channel import COMMAND_EVERY, COMMANDS_AT_ONCE, QUEUE_LIMIT, Channel
from failover.engine.loop.loop import Loop
from failover.messages import (
    MAX_MESSAGE_BYTES,
    Changed,
    Counters,
    Dropped,
    Event,
    Message,
    RouterStatus,
    decode,
)
from failover.vrrp import to_seconds
from tests.agent.link.test_mirror import DAEMON

ROUTER = RouterStatus(
    name="VR_51",
    family="ipv4",
    vrid=51,
    interface="eth0",
    version=3,
    state="MASTER",
    since=0,
    fault=None,
    configured_priority=100,
    effective_priority=100,
    master="192.0.2.11",
    advertisement_interval=10**9,
    master_down_interval=3 * 10**9,
    counters=Counters(),
)


@pytest.fixture
def channel() -> Iterator[Channel]:
    with closing(Loop()) as loop:
        made = Channel(loop, lambda _: None)
        yield made
        made.close()


def event(number: int, size: int = 200) -> Event:
    return Event(at=number, kind="x" * size)


def read(theirs: socket.socket) -> list[Message]:
    """Everything that is there now."""
    theirs.setblocking(False)
    found: list[Message] = []
    with suppress(BlockingIOError):
        while packet := theirs.recv(MAX_MESSAGE_BYTES):
            found.append(decode(packet))
    return found


def test_a_message_arrives_as_it_was(channel: Channel) -> None:
    with channel.open() as theirs:
        channel.send(DAEMON)
        channel.send(Changed({0: ROUTER}))
        assert read(theirs) == [DAEMON, Changed({0: ROUTER})]


def test_an_agent_that_does_not_read_costs_no_time_and_no_more_than_the_queue(channel: Channel) -> None:
    count = 3 * QUEUE_LIMIT
    with channel.open():
        began = time.monotonic()
        for number in range(count):
            channel.send(event(number, 2000))
        took = time.monotonic() - began
        assert took < count * 0.001
        assert len(channel._queue) == QUEUE_LIMIT
        assert not channel.is_clear


def test_the_oldest_that_wait_are_dropped_and_the_agent_is_told_how_many(channel: Channel) -> None:
    count = 3 * QUEUE_LIMIT
    with channel.open() as theirs:
        for number in range(count):
            channel.send(event(number, 2000))
        assert channel.dropped > 0
        heard: list[Message] = []
        while more := read(theirs):
            heard += more
            channel.flush()
        assert channel.is_clear
    (dropped,) = (one for one in heard if isinstance(one, Dropped))
    assert dropped.count == channel.dropped
    numbers = [one.at for one in heard if isinstance(one, Event)]
    gap = heard.index(dropped)
    assert numbers == [*range(gap), *range(gap + dropped.count, count)], "the hole is where Dropped says it is"


def test_what_describes_the_present_is_bounded_as_well_and_its_loss_known(channel: Channel) -> None:
    with channel.open():
        while channel.is_clear:
            channel.send(event(0, 2000))
        for _ in range(QUEUE_LIMIT - 1):
            channel.send(Changed({0: ROUTER}))
        assert not channel.is_incomplete
        channel.send(event(1))
        assert not channel.is_incomplete, "an event was lost, and no more"
        for number in range(10):
            channel.send(Changed({0: ROUTER}))
            assert channel.is_incomplete
            assert channel.dropped == number + 2
            assert len(channel._queue) == QUEUE_LIMIT


def test_what_waited_arrives_with_the_next_message(channel: Channel) -> None:
    with channel.open() as theirs:
        number = 0
        while channel.is_clear:
            channel.send(event(number, 2000))
            number += 1
        read(theirs)
        channel.send(event(number))
        assert [one.at for one in read(theirs) if isinstance(one, Event)] == [number - 1, number]


def test_events_outlive_a_dead_agent_and_what_described_the_present_does_not(channel: Channel) -> None:
    channel.open().close()
    channel.send(Changed({0: ROUTER}))
    channel.send(event(1))
    channel.send(event(2))
    with channel.open() as theirs:
        channel.send(DAEMON)
        assert read(theirs) == [event(1), event(2), DAEMON]
    assert channel.dropped == 0


def test_without_an_agent_nothing_but_events_is_worth_sending(channel: Channel) -> None:
    assert not channel.is_clear
    with channel.open():
        assert channel.is_clear
        channel.close()
        assert not channel.is_clear


def test_events_for_an_agent_that_never_comes_are_bounded_and_counted(channel: Channel) -> None:
    for number in range(QUEUE_LIMIT + 5):
        channel.send(event(number))
    assert channel.dropped == 5
    with channel.open() as theirs:
        channel.flush()
        assert read(theirs)[:2] == [Dropped(5), event(5)]


def test_a_message_that_is_too_large_is_dropped_and_told(channel: Channel) -> None:
    with channel.open() as theirs:
        channel.send(event(1, MAX_MESSAGE_BYTES))
        channel.send(event(2))
        assert read(theirs) == [Dropped(1), event(2)]


def test_the_largest_message_passes(channel: Channel) -> None:
    with channel.open() as theirs:
        channel.send(event(1, MAX_MESSAGE_BYTES - 100))
        assert read(theirs) == [event(1, MAX_MESSAGE_BYTES - 100)]


def test_hanging_up_is_the_end_after_what_was_sent(channel: Channel) -> None:
    with channel.open() as theirs:
        channel.send(event(1))
        channel.close()
        assert decode(theirs.recv(MAX_MESSAGE_BYTES)) == event(1)
        assert theirs.recv(MAX_MESSAGE_BYTES) == b""


class Asked:
    """A channel whose agent may ask."""

    def __init__(self, loop: Loop) -> None:
        self.loop = loop
        self.packets: list[bytes] = []
        self.channel = Channel(loop, self.packets.append)
        self.agent = self.channel.open()

    def rounds(self, seconds: float) -> int:
        """How many rounds had something to do."""
        deadline, rounds = time.monotonic() + seconds, 0
        with select.epoll() as outer:
            outer.register(self.loop.fileno(), select.EPOLLIN)
            while (left := deadline - time.monotonic()) > 0:
                if outer.poll(left):
                    self.loop.dispatch()
                    rounds += 1
        return rounds


@pytest.fixture
def asked() -> Iterator[Asked]:
    with closing(Loop()) as loop:
        made = Asked(loop)
        yield made
        made.agent.close()
        made.channel.close()


def test_commands_are_heard_at_once_each_whole_and_in_their_order(asked: Asked) -> None:
    sent = [b"%d" % number * number for number in range(1, COMMANDS_AT_ONCE + 1)]
    for packet in sent:
        asked.agent.send(packet)
    asked.rounds(0.1)
    assert asked.packets == sent


def test_more_of_them_wait_and_none_is_lost(asked: Asked) -> None:
    for number in range(COMMANDS_AT_ONCE + 3):
        asked.agent.send(b"%d" % number)
    asked.rounds(0.1)
    assert len(asked.packets) == COMMANDS_AT_ONCE
    asked.rounds(4 * to_seconds(COMMAND_EVERY))
    assert asked.packets == [b"%d" % number for number in range(COMMANDS_AT_ONCE + 3)]


@pytest.mark.parametrize("packet", [b"x", b"x" * 1000])
def test_whatever_an_agent_sends_without_end_costs_next_to_nothing(asked: Asked, packet: bytes) -> None:
    asked.agent.setblocking(False)
    with suppress(BlockingIOError):
        while True:
            asked.agent.send(packet)
    assert asked.rounds(0.3) < 3 * COMMANDS_AT_ONCE
    assert COMMANDS_AT_ONCE <= len(asked.packets) <= COMMANDS_AT_ONCE + 2


def test_an_agent_that_has_hung_up_is_no_command_and_wakes_nobody(asked: Asked) -> None:
    asked.agent.close()
    assert asked.rounds(0.3) < 10
    assert asked.packets == []


def test_the_next_agent_is_heard_too(asked: Asked) -> None:
    asked.agent.close()
    asked.rounds(0.05)
    asked.agent = asked.channel.open()
    asked.agent.send(b"x")
    asked.rounds(0.05)
    assert asked.packets == [b"x"]
