"""What engine and agent say to each other over their SOCK_SEQPACKET pair, one msgpack message a packet.

Types only, and the codec; both processes import this, so nothing heavier than msgspec may be imported here.
Times are wall-clock nanoseconds since the epoch, durations are nanoseconds.
"""

from typing import Final

import msgspec

from failover.messages.status import (
    LAG_BOUNDS,
    AuthenticationStatus,
    Change,
    ChecksumStatus,
    Counters,
    DaemonStatus,
    EngineLag,
    FaultStatus,
    Lag,
    LastReload,
    Problem,
    RealtimeStatus,
    RouterStatus,
    SendError,
    TrackStatus,
    Value,
)

__all__ = [
    "CHANNEL_FD",
    "LAG_BOUNDS",
    "LISTENER_FD",
    "LOG_FD",
    "MAX_MESSAGE_BYTES",
    "UNREADABLE",
    "Answer",
    "Ask",
    "AuthenticationStatus",
    "Change",
    "Changed",
    "ChecksumStatus",
    "Command",
    "Counted",
    "Counters",
    "DaemonStatus",
    "Dropped",
    "EngineLag",
    "Event",
    "FaultStatus",
    "Holds",
    "Inventory",
    "Lag",
    "LastReload",
    "Message",
    "Names",
    "NotReloaded",
    "Problem",
    "RealtimeStatus",
    "Refused",
    "Reload",
    "ReloadEnded",
    "Reloaded",
    "RouterStatus",
    "SendError",
    "Told",
    "TrackStatus",
    "Value",
    "Withdraw",
    "decode",
    "decode_command",
    "encode",
]

CHANNEL_FD: Final = 3
LISTENER_FD: Final = 4
LOG_FD: Final = 5
"""Where an agent finds its end of the channel, the listening control socket, and a log that is handed over to it."""

MAX_MESSAGE_BYTES: Final = 128 * 1024
"""A packet larger than this is not sent; what may be long is told in several."""


class Event(msgspec.Struct, frozen=True, kw_only=True, tag="event"):
    """Something that happened, as data; log lines, the journal and explanations are renderings of it."""

    at: int
    kind: str
    """What happened, in snake case, such as `state_changed`."""
    name: str | None = None
    """The virtual router."""
    family: str | None = None
    fields: dict[str, Value] = {}
    """The evidence, by kind."""


class Inventory(msgspec.Struct, frozen=True, tag="inventory"):
    """Which routers there are, by their numbers, in the order of the configuration; all others are gone.

    Who has not heard of each of them does not know all yet. A number is never given to another router.
    """

    routers: list[int]


class Changed(msgspec.Struct, frozen=True, tag="changed"):
    """The present status of routers, by their numbers."""

    routers: dict[int, RouterStatus]


class Holds(msgspec.Struct, frozen=True, tag="holds"):
    """Addresses that a router has while MASTER; more may follow, and those of `first` 0 begin anew."""

    router: int
    first: int
    addresses: list[str]


class Counted(msgspec.Struct, frozen=True, tag="counted"):
    """Advertisements sent and received, by router: what moves all the time, told apart from what does not."""

    counts: dict[int, tuple[int, int]]


class Names(msgspec.Struct, frozen=True):
    """Virtual routers: how many, and what the first of them are called."""

    count: int
    first: list[str]


class Reloaded(msgspec.Struct, frozen=True, kw_only=True, tag="reloaded"):
    """The configuration was reloaded."""

    added: Names
    removed: Names
    changed: Names
    unchanged: int
    needs_restart: list[str]
    """Settings of the daemon that have changed, and count from its next start on."""
    digest: str
    """Of the configuration that runs now."""


class NotReloaded(msgspec.Struct, frozen=True, kw_only=True, tag="not_reloaded"):
    """The configuration was not read, or could not be carried out, and everything is as before."""

    report: str
    is_bad: bool
    """Whether the file cannot be used; else something here and now is in the way."""


class Dropped(msgspec.Struct, frozen=True, tag="dropped"):
    """So many messages were lost because the agent did not read."""

    count: int


class Ask(msgspec.Struct, frozen=True, tag="ask"):
    """The agent's command to tell what has changed since the last time: somebody wants to know. `Told` answers it."""

    id: int


class Reload(msgspec.Struct, frozen=True, tag="reload"):
    """The agent's command to read the configuration again, and to run what it says. `ReloadEnded` answers it."""

    id: int
    until: int | None = None
    """When whoever asks will have given up: a reading of `linux.clock`. What has not begun to change by then is not
    changed. None: never."""


class Withdraw(msgspec.Struct, frozen=True, tag="withdraw"):
    """Whoever asked for the command of this number has gone: it is void, as far as it has not begun. Not answered."""

    id: int


Command = Ask | Reload | Withdraw
"""What an agent may send. The numbers are its own; each is answered once, with the same number."""


class Told(msgspec.Struct, frozen=True, tag="told"):
    """The answer to `Ask`: all that had changed by then has been told."""

    id: int


class ReloadEnded(msgspec.Struct, frozen=True, tag="reload_ended"):
    """The answer to `Reload`."""

    id: int
    outcome: Reloaded | NotReloaded


class Refused(msgspec.Struct, frozen=True, tag="refused"):
    """The answer to what is no command, or none that this engine knows; the next one is heard as any other."""

    id: int | None
    """The number, where it could be made out."""
    reason: str


Answer = Told | ReloadEnded | Refused
Message = DaemonStatus | EngineLag | Event | Inventory | Changed | Holds | Counted | Dropped | Answer
"""What an engine may send."""

encode: Final = msgspec.msgpack.Encoder().encode
decode: Final = msgspec.msgpack.Decoder(Message).decode
"""Decodes a packet of an engine; one of `UNREADABLE` where it is no message."""
decode_command: Final = msgspec.msgpack.Decoder(Command).decode
"""Decodes a packet of an agent; one of `UNREADABLE` where it is no command."""
UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What decoding raises; the last one where values lie in each other too deep."""
