"""The commands of the agent: taken apart, carried out, answered. What is none is refused, and the next one is heard."""

from collections.abc import Callable
from typing import Final, assert_never

import msgspec

from failover.messages import UNREADABLE, Ask, Refused, Reload, Withdraw, decode_command

MAX_COMMAND_BYTES: Final = 1024
"""A longer packet is refused unread: the engine spends no time on what cannot be a command."""
_LONGEST_REASON: Final = 300
"""Characters: an agent is not sent back what it has sent."""


class _Numbered(msgspec.Struct):
    id: int


_number_of = msgspec.msgpack.Decoder(_Numbered).decode


class Commands:
    """What is done about each command."""

    def __init__(
        self,
        *,
        ask: Callable[[Ask], None],
        reload: Callable[[Reload], None],
        withdraw: Callable[[Withdraw], None],
        refuse: Callable[[Refused], None],
    ) -> None:
        """`ask` and `reload` see to it that the command is answered, `refuse` sends that answer."""
        self._ask = ask
        self._reload = reload
        self._withdraw = withdraw
        self._refuse = refuse

    def take(self, packet: bytes) -> None:
        """A packet has come from the agent."""
        if len(packet) > MAX_COMMAND_BYTES:
            self._refuse(Refused(None, f"{len(packet)} bytes; a command has at most {MAX_COMMAND_BYTES}"))
            return
        try:
            command = decode_command(packet)
        except UNREADABLE as error:
            self._refuse(Refused(_number(packet), str(error)[:_LONGEST_REASON]))
            return
        match command:
            case Ask():
                self._ask(command)
            case Reload():
                self._reload(command)
            case Withdraw():
                self._withdraw(command)
            case _:
                assert_never(command)


def _number(packet: bytes) -> int | None:
    """The number of what is no command, where it has one."""
    try:
        return _number_of(packet).id
    except UNREADABLE:
        return None
