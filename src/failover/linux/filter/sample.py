"""The part of the kernel filter that lets pass only a share of a stream, in force while that stream is a flood.

A stream is what one sender advertises for one virtual router in one version, resignations and an owner's priority each
apart from all else: who floods with the one must not hide the other, nor what others say, nor what the same host says
of another virtual router. Which packets pass is left to chance (SKF_AD_RANDOM), so that no sender can time its own.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from failover.frames import ipv4, ipv6
from failover.linux.filter.bpf import (
    JUMP_IF_EQUAL,
    LOAD_WORD,
    NETWORK_HEADER,
    Instruction,
    Program,
    refuse_but,
)
from failover.linux.filter.payload import load_byte
from failover.linux.packet import SOURCE_POSITION, VRID_POSITION
from failover.vrrp import Interval
from failover.vrrp.packet.advertisement import PRIORITY_AT, VRID_AT, read_header
from failover.vrrp.protocol import ADDRESS_BYTES, PRIORITY_OWNER, PRIORITY_RESIGN, Family

MOST_STREAMS: Final = 16
"""Of one program: about 250 instructions."""

_MESSAGE_POSITION: Final = {family: at - VRID_AT for family, at in VRID_POSITION.items()}
"""Over IPv4 without IP options."""
_APART: Final = (PRIORITY_RESIGN, PRIORITY_OWNER)


class Stream(NamedTuple):
    """What one sender advertises for one virtual router."""

    kind: int
    """The first byte of the message: version and type."""
    vrid: int
    source: bytes
    priority: int | None
    """Where it is that of a resignation or of an owner; None for all between."""


def stream_of(family: Family, packet: bytes) -> Stream | None:
    """The stream of a packet of `Inbox.receive`; None where it is too short."""
    start, source_at = _message_at(family, packet), SOURCE_POSITION[family]
    if start < _MESSAGE_POSITION[family] or len(packet) <= start + PRIORITY_AT:
        return None
    source, priority = packet[source_at : source_at + ADDRESS_BYTES[family]], packet[start + PRIORITY_AT]
    return Stream(packet[start], packet[start + VRID_AT], source, priority if priority in _APART else None)


def interval_of(family: Family, packet: bytes) -> Interval:
    """The interval in an advertisement of `Inbox.receive`, which is whole."""
    return read_header(packet[_message_at(family, packet) :]).interval


def _message_at(family: Family, packet: bytes) -> int:
    """Where the VRRP message begins, after IP options as well; the packet may be any bytes."""
    options = (packet[0] & 0xF) * 4 - ipv4.HEADER_LENGTH if packet and family is Family.IPV4 else 0
    return _MESSAGE_POSITION[family] + options


def pass_share(family: Family, shares: Mapping[Stream, int]) -> Program:
    """Refuse packets of these streams, but for the share of each: so many of `bpf.ALL`, left to chance."""
    return tuple(
        instruction for stream, share in shares.items() for instruction in _where_of(family, stream, refuse_but(share))
    )


def _where_of(family: Family, stream: Stream, then: Program) -> Program:
    """Do `then` for a packet of the stream. Changes A, and X."""
    start = ipv4.SOURCE_AT if family is Family.IPV4 else NETWORK_HEADER + ipv6.SOURCE_AT
    program = then
    for at in reversed(range(0, len(stream.source), 4)):
        word = int.from_bytes(stream.source[at : at + 4])
        program = (Instruction(LOAD_WORD, start + at), *_only(word, program))
    if stream.priority is None:
        for priority in _APART:
            program = (Instruction(JUMP_IF_EQUAL, priority, jump_true=len(program)), *program)
    else:
        program = _only(stream.priority, program)
    program = (*load_byte(family, PRIORITY_AT), *program)
    program = (*load_byte(family, VRID_AT), *_only(stream.vrid, program))
    return (*load_byte(family, 0), *_only(stream.kind, program))


def _only(value: int, program: Program) -> Program:
    """Do this where A is that value."""
    return (Instruction(JUMP_IF_EQUAL, value, jump_false=len(program)), *program)
