"""`failover.engine.agent_link.commands`: what an agent may send, and what it may send by mistake."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from failover.engine.agent_link.commands import MAX_COMMAND_BYTES, Commands
from failover.messages import Ask, Command, Refused, Reload, Withdraw, encode


class Heard:
    def __init__(self) -> None:
        self.asked: list[Ask] = []
        self.reloads: list[Reload] = []
        self.withdrawn: list[Withdraw] = []
        self.refused: list[Refused] = []
        self.commands = Commands(
            ask=self.asked.append,
            reload=self.reloads.append,
            withdraw=self.withdrawn.append,
            refuse=self.refused.append,
        )


@pytest.mark.parametrize("command", [Ask(7), Reload(8, 123), Withdraw(8)])
def test_a_command_goes_where_it_belongs(command: Command) -> None:
    heard = Heard()
    heard.commands.take(encode(command))
    assert [*heard.asked, *heard.reloads, *heard.withdrawn] == [command]
    assert heard.refused == []


def test_a_command_of_another_version_is_refused_by_its_number_and_the_next_one_is_heard() -> None:
    heard = Heard()
    heard.commands.take(msgspec.msgpack.encode({"type": "drain", "id": 3, "name": "VR_1"}))
    heard.commands.take(encode(Ask(4)))
    assert [one.id for one in heard.refused] == [3]
    assert "drain" in heard.refused[0].reason
    assert heard.asked == [Ask(4)]


@given(st.binary(max_size=40))
def test_what_is_no_command_is_refused_whatever_it_is(packet: bytes) -> None:
    heard = Heard()
    heard.commands.take(packet)
    assert len(heard.refused) + len(heard.asked) + len(heard.reloads) + len(heard.withdrawn) == 1


@pytest.mark.parametrize("depth", [100, 900, 100_000])
def test_values_that_lie_deep_in_each_other_are_refused_like_all_else(depth: int) -> None:
    heard = Heard()
    heard.commands.take(b"\x83\xa4type\xa3ask\xa2id\x01\xa1x" + b"\x91" * depth + b"\x01")
    assert len(heard.refused) + len(heard.asked) == 1


def test_more_than_a_command_can_have_is_refused_unread() -> None:
    heard = Heard()
    heard.commands.take(encode(Ask(7)) + bytes(MAX_COMMAND_BYTES))
    assert [one.id for one in heard.refused] == [None]
    assert str(MAX_COMMAND_BYTES) in heard.refused[0].reason
