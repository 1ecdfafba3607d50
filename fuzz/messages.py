"""Any packet on the channel is a message or is refused, and what is a message can be shown, whatever it says.

The mirror takes it in and still makes a document that JSON has; an event has a line in the log and an entry in the
journal. Messages are written again as what they are. A packet that is refused costs the agent
nothing but that packet. As a command to the engine each is carried out or refused in few words.

An input is, after a byte that says which, several packets, each with its length before it, or a list of messages in
JSON, which a change turns into other messages more often than it does MessagePack.
"""

import json
from collections.abc import Iterable, Iterator
from copy import deepcopy
from ipaddress import IPv4Address, ip_interface
from random import Random
from typing import Final

import msgspec

from failover.agent.api.status_document import status_document
from failover.agent.link.mirror import Mirror
from failover.agent.log import journal, text
from failover.engine.account.evidence import oddity_fields, reload_evidence, transition_fields
from failover.engine.agent_link.commands import Commands
from failover.events import KINDS, Kind
from failover.messages import (
    LAG_BOUNDS,
    UNREADABLE,
    Changed,
    Counted,
    Counters,
    DaemonStatus,
    Dropped,
    EngineLag,
    Event,
    FaultStatus,
    Holds,
    Inventory,
    Lag,
    LastReload,
    Message,
    Names,
    NotReloaded,
    RealtimeStatus,
    Refused,
    Reloaded,
    ReloadEnded,
    RouterStatus,
    SendError,
    Told,
    Value,
    decode,
    encode,
)
from failover.vrrp import (
    Advertisement,
    AdvertisementReceived,
    DiscardReason,
    Instant,
    Oddity,
    ReportOddity,
    Shutdown,
    Startup,
    State,
    StateChanged,
    Version,
    VirtualRouter,
    Wakeup,
    deadline,
    initial_state,
    seconds,
    step,
)
from failover.wording import CAUSES, Fields
from fuzz import json_tree

_EVIDENCE: Final[dict[str, Value]] = {
    **dict.fromkeys(("source", "detail", "what", "error", "errors", "doing", "how", "interface", "warning"), "x"),
    **dict.fromkeys(("failed", "count", "added", "removed", "changed", "unchanged", "suppressed", "priority"), 1),
    **dict.fromkeys(("late_seconds", "master_down_interval_seconds", "silence_seconds"), 0.5),
    "addresses": "192.0.2.1",
    "needs_restart": "lock_memory",
    "master": "192.0.2.1",
    "master_priority": 100,
    "previous": "BACKUP",
    "current": "MASTER",
    "cause": "started",
    "oddity": "rival_master",
}
"""What the words of any kind are about."""

WORDS: Final = tuple(
    encoded(word)
    for encoded in (msgspec.msgpack.encode, msgspec.json.encode)
    for word in (
        *("type", "at", "kind", "name", "family", "fields", "daemon", "engine_lag", "roster", "changed", "holds"),
        *("counted", "dropped", "not_reloaded", "report", "is_bad"),
        *(*KINDS, *CAUSES, *(oddity.value for oddity in Oddity), *_EVIDENCE),
    )
)

_AT: Final = 1_767_225_600_000_000_000
_NOW: Final = Instant(1_000_000_000_000)
_LENGTH_BYTES: Final = 2
_ROUTER: Final = VirtualRouter(
    vrid=51,
    addresses=(ip_interface("198.51.100.1/24"),),
    primary_address=IPv4Address("192.0.2.2"),
)
_PEER: Final = IPv4Address("192.0.2.1")
_HEARD: Final = Advertisement(
    version=Version.V3, vrid=51, priority=200, interval=seconds(1), addresses=_ROUTER.advertised
)
_STATUS: Final = RouterStatus(
    name="VR_51",
    family="ipv4",
    vrid=51,
    interface="eth0",
    version=3,
    state="MASTER",
    since=_AT,
    fault=None,
    configured_priority=100,
    effective_priority=100,
    master="192.0.2.2",
    advertisement_interval=1_000_000_000,
    master_down_interval=3_609_375_000,
    counters=Counters(
        discarded={reason.value: 1 for reason in DiscardReason}, oddities={oddity.value: 1 for oddity in Oddity}
    ),
)
_LAG: Final = Lag(max=2_000_000_000, counts=[0] * (len(LAG_BOUNDS) + 1))

LAG: Final = EngineLag(since_start=_LAG, last_minute=_LAG)
KNOWN: Final[tuple[Message, ...]] = (
    DaemonStatus(
        version="1.2.3",
        pid=42,
        started_at=_AT,
        realtime=RealtimeStatus(
            scheduler="SCHED_RR", priority=49, memory_locked=True, timer_slack_ns=1, time_slice_ns=0, cpu_affinity=[0]
        ),
        warnings=["memory is not locked: needs CAP_IPC_LOCK"],
        last_reload=LastReload(at=_AT, error="x.json: 1 problem\n  $: empty", is_bad_file=True),
    ),
    LAG,
    Inventory([0]),
    Changed({0: _STATUS}),
    Holds(0, 0, ["198.51.100.1/24"]),
)
"""All that there is to know of a daemon with one virtual router."""
RELOADED: Final = Reloaded(
    added=Names(1, ["VR_51"]),
    removed=Names(0, []),
    changed=Names(0, []),
    unchanged=0,
    needs_restart=["lock_memory"],
    digest="0a1b2c3d",
)


def _informed() -> Mirror:
    mirror = Mirror()
    for message in KNOWN:
        mirror.update(message)
    return mirror


_INFORMED: Final = _informed()
"""Made once: an input that repeats what every input goes through would be no news to libFuzzer."""


def seeds() -> Iterator[bytes]:
    """What an engine says: all of a daemon, what becomes of it, and every kind of event."""
    failing = msgspec.structs.replace(
        _STATUS,
        state="INITIALIZE",
        fault=FaultStatus("no_carrier", "eth0 has no carrier"),
        send_error=SendError(what="advertisement", error="Operation not permitted", count=3, at=_AT),
    )
    refused = NotReloaded(report="x.json: 1 problem\n  $: empty", is_bad=True)
    for messages in (
        KNOWN,
        *((message,) for message in KNOWN),
        (Counted({0: (7, 6)}), Changed({0: failing}), Holds(0, 1, ["198.51.100.2/24"]), Dropped(3)),
        *((ReloadEnded(1, outcome), _told(*reload_evidence(outcome))) for outcome in (RELOADED, refused)),
        (Told(1), Refused(None, "no command")),
        *((event,) for event in _events()),
    ):
        yield b"\0" + _packed(messages)
        yield b"\1" + msgspec.json.encode(messages)


def _refuse(answer: Refused) -> None:
    assert len(encode(answer)) < _SHORT


_ENGINE: Final = Commands(ask=lambda _: None, reload=lambda _: None, withdraw=lambda _: None, refuse=_refuse)
"""Takes the same packets as commands of its agent: it carries them out or refuses them, whatever they are."""
_SHORT: Final = 2000
"""Bytes: a refusal does not repeat what it refuses."""


def one(data: bytes) -> None:
    """Take in each packet, as the agent and as the engine, and show what is known after it."""
    mirror = deepcopy(_INFORMED)
    for packet in _from_json(data[1:]) if data[:1] == b"\1" else _packets(data[1:]):
        _ENGINE.take(packet)
        try:
            message = decode(packet)
        except UNREADABLE:  # logged by the event loop, and the next one is read
            continue
        assert encode(decode(encode(message))) == encode(message)
        mirror.update(message)
        if isinstance(message, Event):
            assert text.line(message)
            assert journal.entry(message).startswith(b"MESSAGE")
        json.dumps(status_document(mirror, _AT), allow_nan=False)


def mutate(data: bytes, chance: Random) -> bytes | None:
    """Change messages as the trees that they are."""
    try:
        text = data[1:] if data[:1] == b"\1" else msgspec.json.encode([decode(packet) for packet in _packets(data[1:])])
    except UNREADABLE:
        return None
    found = json_tree.changed(text, chance)
    return None if found is None else b"\1" + found


def _packets(data: bytes) -> Iterator[bytes]:
    while data:
        end = _LENGTH_BYTES + int.from_bytes(data[:_LENGTH_BYTES])
        yield data[_LENGTH_BYTES:end]
        data = data[end:]


def _from_json(data: bytes) -> list[bytes]:
    try:
        return [encode(message) for message in msgspec.json.decode(data, type=list[Message])]
    except (msgspec.DecodeError, UnicodeDecodeError, OverflowError):  # no such messages, or an integer too long for one
        return []


def _packed(messages: Iterable[Message]) -> bytes:
    """What `_packets` takes apart."""
    packets = map(encode, messages)
    return b"".join(len(packet).to_bytes(_LENGTH_BYTES) + packet for packet in packets)


def _events() -> Iterator[Event]:
    """One of each kind, of each cause and of each oddity, and those of a virtual router that lives for a while."""
    for kind in KINDS:
        yield _event(kind, _EVIDENCE)
    for cause in CAUSES:
        yield _event("state_changed", {**_EVIDENCE, "cause": cause})
    for oddity in Oddity:
        yield _event("oddity", oddity_fields(ReportOddity(oddity, _HEARD, _PEER), _ROUTER))
    state: State = initial_state(_ROUTER)
    now = _NOW
    for event in (Startup(), AdvertisementReceived(_HEARD, _PEER), Wakeup(), Wakeup(), Shutdown()):
        outcome = step(_ROUTER, state, event, now)
        for action in outcome.actions:
            if isinstance(action, StateChanged):
                yield _event("state_changed", transition_fields(action, now))
        state = outcome.state
        now = deadline(state) or now


def _event(kind: str, fields: dict[str, Value]) -> Event:
    return Event(at=_AT, kind=kind, name="VR_51", family="ipv4", fields=fields)


def _told(kind: Kind, fields: Fields) -> Event:
    return kind.event(_AT, fields)
