"""The status of engine and virtual routers, as the engine says it. Types only.

Times are wall-clock nanoseconds since the epoch, durations are nanoseconds.
"""

from typing import Final

import msgspec

Value = str | int | float | bool | None
"""What the evidence of an event has."""


class Counters(msgspec.Struct, kw_only=True):
    """What a virtual router has counted since the daemon started (RFC 8347, RFC 6527)."""

    advertisements_sent: int = 0
    advertisements_received: int = 0
    priority_zero_sent: int = 0
    priority_zero_received: int = 0
    transitions_to_master: int = 0
    send_errors: int = 0
    address_elsewhere: int = 0
    """How often another host was found to have addresses of a MASTER."""
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


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """Something wrong that another host is heard to do, as long as it is heard."""

    what: str
    """An `Oddity`, a `DiscardReason` or a `Finding`, by its label."""
    source: str
    """The address of the other host, or its MAC address; our own, where it is this host that has the problem."""
    severity: str
    """`critical` or `warning`."""
    text: str
    """A sentence, as in the log."""
    since: int
    last_heard: int
    over_at: int
    """When it is over unless it is heard again."""
    count: int
    """How often it was heard since."""


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """How a virtual router has come to be as it is: its last change, and why."""

    previous: str
    cause: str
    text: str
    """The cause as words, as in the log."""
    evidence: dict[str, Value]
    """What the cause knows."""


class ChecksumStatus(msgspec.Struct, frozen=True, kw_only=True):
    """What the checksums of version 3 over IPv4 cover: `rfc9568` or `pseudo_header`."""

    sent: str
    is_learned: bool
    """Whether the form sent is not the one to begin with, but a peer's."""
    master: str | None
    """The MASTER's, where another host is MASTER."""


class AuthenticationStatus(msgspec.Struct, frozen=True, kw_only=True):
    """How advertisements are authenticated."""

    method: str
    """`password` or `hmac_sha256`; the rest is None for the other one."""
    password_is_cut: bool | None = None
    """Whether the password is longer than what an advertisement has room for."""
    mode: str | None = None
    keys: list[int] | None = None
    """Their numbers."""
    active_key: int | None = None
    anti_replay: str | None = None
    time_window_seconds: float | None = None


class TrackStatus(msgspec.Struct, frozen=True, kw_only=True):
    """A tracker that a virtual router follows."""

    tracker: str
    weight: int | None
    """As configured; None: the virtual router has a fault while the tracker fails."""
    is_well: bool
    contributes: int
    """To the priority now."""
    text: str
    """What the tracker has found out."""
    since: int


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
    master_priority: int | None = None
    checksum: ChecksumStatus | None = None
    """None where there is but one form."""
    change: Change | None = None
    """None before the first."""
    problems: list[Problem] = []
    send_error: SendError | None = None
    accept_mode: bool = True
    preferred_lifetime: int | str | None = None
    """Of its addresses, as the configuration has it; None for IPv4."""
    own_subnets: list[str] = []
    """The host's own on the interface, for IPv4: as `source_off_subnet` has them."""
    address_conflict: str | None = None
    """What is wrong with its addresses on the interface, as a sentence."""
    authentication: AuthenticationStatus | None = None
    """None: advertisements are not authenticated."""
    source: str | None = None
    """The address that its advertisements come from; None where it has none yet."""
    destinations: list[str] = []
    """Where they go: a multicast group, or peers."""
    hop_limit: int = 255
    tracking: list[TrackStatus] = []


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
    configuration_digest: str | None = None
    """Of what runs: `config.Configuration.digest`; None where no reload reads anything."""


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
