"""What engine and agent say to each other over their SOCK_SEQPACKET pair, one msgpack message a packet.

Types only, and the codec; both processes import this, so nothing heavier than msgspec may be imported here.
Times are wall-clock nanoseconds since the epoch, durations are nanoseconds.
"""

from typing import Final

import msgspec

Value = str | int | float | bool | None

CHANNEL_FD: Final = 3
LISTENER_FD: Final = 4
LOG_FD: Final = 5
"""Where an agent finds its end of the channel, the listening control socket, and a log that is handed over to it."""

MAX_MESSAGE_BYTES: Final = 128 * 1024
"""A packet larger than this is not sent; what may be long is told in several."""


class Counters(msgspec.Struct, kw_only=True):
    """What a virtual router has counted since the daemon started (RFC 8347, RFC 6527)."""

    advertisements_sent: int = 0
    advertisements_received: int = 0
    priority_zero_sent: int = 0
    priority_zero_received: int = 0
    transitions_to_master: int = 0
    send_errors: int = 0
    discarded: dict[str, int] = {}
    """By `DiscardReason`."""
    oddities: dict[str, int] = {}
    """By `Oddity`: accepted, but not as configured here."""


class FaultStatus(msgspec.Struct, frozen=True):
    """Why a virtual router is in INITIALIZE."""

    reason: str
    detail: str


class SendError(msgspec.Struct, frozen=True, kw_only=True):
    """What a virtual router has to send and could not, the last times that it tried."""

    what: str
    error: str
    """The last time's."""
    count: int
    """In a row."""
    at: int


class RouterStatus(msgspec.Struct, frozen=True, kw_only=True):
    """Everything about one protocol instance at one moment."""

    name: str
    family: str
    vrid: int
    interface: str
    version: int
    state: str
    since: int
    fault: FaultStatus | None
    configured_priority: int
    effective_priority: int
    master: str | None
    advertisement_interval: int
    master_down_interval: int
    counters: Counters
    send_error: SendError | None = None
    preferred_lifetime: int | str | None = None
    """Of its addresses, as the configuration has it; None for IPv4."""
    address_conflict: str | None = None
    """What is wrong with its addresses on the interface, as a sentence."""


class RealtimeStatus(msgspec.Struct, frozen=True, kw_only=True):
    """What makes the engine punctual, as it is in force."""

    scheduler: str
    """The name of its scheduling class, such as `SCHED_RR`."""
    priority: int
    """0 for an ordinary process."""
    memory_locked: bool
    timer_slack_ns: int
    time_slice_ns: int
    """How long it asks for the CPU at a time, as an ordinary process; 0 for a real-time one, and before Linux 6.12."""
    cpu_affinity: list[int] | None
    """None: not asked for."""


class LastReload(msgspec.Struct, frozen=True, kw_only=True):
    """How the last reload of the configuration ended."""

    at: int
    error: str | None = None
    """Why everything is as before, as a report of one or more lines; None where it was reloaded."""
    is_bad_file: bool = False
    """Whether the file cannot be used, so that no daemon would start with it; else something else was in the way."""


class DaemonStatus(msgspec.Struct, frozen=True, kw_only=True, tag="daemon"):
    """Who the engine is and how it runs; said to each agent before the routers' status, and when it changes."""

    version: str
    pid: int
    started_at: int
    realtime: RealtimeStatus
    warnings: list[str]
    """What was wanted of the system and could not be had, a sentence each."""
    last_reload: LastReload | None = None
    """None: there was none since the start."""
    configuration_file: str | None = None
    """What a reload reads, as an absolute path; None: nothing."""


LAG_BOUNDS: Final = (
    50_000,
    100_000,
    200_000,
    500_000,
    1_000_000,
    2_000_000,
    5_000_000,
    10_000_000,
    20_000_000,
    50_000_000,
    100_000_000,
    1_000_000_000,
)
"""The upper ends of the buckets of `Lag`, inclusive; one more holds the rest."""


class Lag(msgspec.Struct, frozen=True, kw_only=True):
    """How late alarms rang in some stretch of time."""

    max: int
    counts: list[int]
    """By bucket of `LAG_BOUNDS`."""


class EngineLag(msgspec.Struct, frozen=True, kw_only=True, tag="engine_lag"):
    """How late the engine's alarms have rung."""

    since_start: Lag
    last_minute: Lag


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
    """The configuration was read again, and what runs is as it says."""

    added: Names
    removed: Names
    changed: Names
    unchanged: int
    needs_restart: list[str]
    """Settings of the daemon that have changed, and count from its next start on."""


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
    until: int | None = None
    """When whoever asks will have given up: a reading of `linux.clock`. It is void from then on. None: never."""


class Reload(msgspec.Struct, frozen=True, tag="reload"):
    """The agent's command to read the configuration again, and to run what it says. `ReloadEnded` answers it."""

    id: int
    until: int | None = None
    """As of `Ask`: what has not begun to change by then is not changed."""


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
