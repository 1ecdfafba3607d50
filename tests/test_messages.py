"""What engine and agent say to each other survives the way, and fits a packet."""

import subprocess
import sys

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from failover.engine.agent_link import status_feed
from failover.messages import (
    MAX_MESSAGE_BYTES,
    Ask,
    Changed,
    Command,
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
    Message,
    Names,
    NotReloaded,
    RealtimeStatus,
    Refused,
    Reload,
    Reloaded,
    ReloadEnded,
    RouterStatus,
    SendError,
    Told,
    decode,
    decode_command,
    encode,
)
from failover.vrrp import DiscardReason, Oddity
from tests.engine.daemons import ENVIRONMENT

COUNTS = st.integers(0, 2**63)
TEXTS = st.text(max_size=20)
TABLES = st.dictionaries(TEXTS, COUNTS, max_size=3)
NUMBERS = ("vrid", "version", "since", "configured_priority", "effective_priority")
DURATIONS = ("advertisement_interval", "master_down_interval")
ROUTERS = st.builds(
    RouterStatus,
    fault=st.none() | st.builds(FaultStatus, TEXTS, TEXTS),
    send_error=st.none() | st.builds(SendError, what=TEXTS, error=TEXTS, count=COUNTS, at=COUNTS),
    address_conflict=st.none() | TEXTS,
    counters=st.builds(Counters, discarded=TABLES, oddities=TABLES),
    **dict.fromkeys(NUMBERS + DURATIONS, COUNTS),
)
NAMES = st.builds(Names, COUNTS, st.lists(TEXTS, max_size=2))
VALUES = TEXTS | COUNTS | st.floats(allow_nan=False) | st.booleans() | st.none()
REALTIME = st.builds(
    RealtimeStatus,
    priority=COUNTS,
    timer_slack_ns=COUNTS,
    time_slice_ns=COUNTS,
    cpu_affinity=st.none() | st.lists(COUNTS, max_size=2),
)
LAGS = st.builds(Lag, max=COUNTS, counts=st.lists(COUNTS, max_size=3))
OUTCOMES = st.one_of(
    st.builds(
        Reloaded,
        added=NAMES,
        removed=NAMES,
        changed=NAMES,
        unchanged=COUNTS,
        needs_restart=st.lists(TEXTS, max_size=3),
        digest=TEXTS,
    ),
    st.builds(NotReloaded, report=TEXTS, is_bad=st.booleans()),
)
MESSAGES: st.SearchStrategy[Message] = st.one_of(
    st.builds(DaemonStatus, started_at=COUNTS, pid=COUNTS, realtime=REALTIME),
    st.builds(EngineLag, since_start=LAGS, last_minute=LAGS),
    st.builds(Event, at=COUNTS, fields=st.dictionaries(TEXTS, VALUES, max_size=4)),
    st.builds(Changed, st.dictionaries(COUNTS, ROUTERS, max_size=2)),
    st.builds(Holds, COUNTS, COUNTS, st.lists(TEXTS, max_size=3)),
    st.builds(Counted, st.dictionaries(COUNTS, st.tuples(COUNTS, COUNTS), max_size=3)),
    st.builds(Inventory, st.lists(COUNTS, max_size=3)),
    st.builds(Dropped, COUNTS),
    st.builds(Told, COUNTS),
    st.builds(ReloadEnded, COUNTS, OUTCOMES),
    st.builds(Refused, st.none() | COUNTS, TEXTS),
)
COMMANDS = st.builds(Ask, COUNTS) | st.builds(Reload, COUNTS)


@given(MESSAGES)
def test_every_message_is_decoded_to_what_was_encoded(message: Message) -> None:
    assert decode(encode(message)) == message


@given(COMMANDS)
def test_every_command_is_decoded_to_what_was_encoded(command: Command) -> None:
    assert decode_command(encode(command)) == command


@given(st.binary(max_size=200))
def test_bytes_that_are_no_message_are_refused_and_nothing_worse(packet: bytes) -> None:
    try:
        decoded = decode(packet)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return
    assert isinstance(decoded, Message)


def test_the_longest_that_is_told_at_once_fits_a_packet() -> None:
    longest = "2001:db8:1111:2222:3333:4444:5555:6666/128"
    status = RouterStatus(
        name="x" * 128,
        family="ipv6",
        vrid=255,
        interface="x" * 15,
        version=3,
        state="INITIALIZE",
        since=2**62,
        fault=FaultStatus("no_carrier", "x" * 200),
        configured_priority=254,
        effective_priority=254,
        master=longest,
        advertisement_interval=2**40,
        master_down_interval=2**40,
        counters=Counters(
            discarded={reason.value: 2**62 for reason in DiscardReason},
            oddities={oddity.value: 2**62 for oddity in Oddity},
        ),
    )
    places = range(2**31, 2**31 + status_feed._ROUTERS_AT_ONCE)
    for message in (
        Changed(dict.fromkeys(places, status)),
        Counted(dict.fromkeys(places, (2**62, 2**62))),
        Holds(2**31, 2**31, [longest] * status_feed._ADDRESSES_AT_ONCE),
    ):
        assert len(encode(message)) < MAX_MESSAGE_BYTES


def test_counters_do_not_share_their_tables() -> None:
    one, two = Counters(), Counters()
    one.discarded["checksum"] = 1
    assert two.discarded == {}


@pytest.mark.parametrize("module", ["asyncio", "failover.config", "failover.vrrp", "ipaddress", "socket"])
def test_neither_process_pays_for_the_other_ones_modules(module: str) -> None:
    script = f"import failover.messages, sys; raise SystemExit({module!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], env=ENVIRONMENT, check=False, timeout=30).returncode == 0
