"""The part of the kernel filter that lets pass only a share of a stream, in force while that stream is a flood.

A stream is what one sender advertises for one virtual router in one version, its resignations apart from all else: who
floods with the one must not hide the other, nor what others say, nor what the same host says of another virtual router.
Which packets pass is left to chance (SKF_AD_RANDOM), so that no sender can time its own.
"""

from collections.abc import Collection
from typing import Final, NamedTuple

from failover.frames import ipv4, ipv6
from failover.linux.filter.bpf import (
    JUMP,
    JUMP_IF_EQUAL,
    LOAD_WORD,
    NETWORK_HEADER,
    Instruction,
    Program,
    refuse_but,
)
from failover.linux.filter.payload import load_byte
from failover.linux.packet import SOURCE_POSITION, VRID_POSITION
from failover.vrrp.packet.advertisement import PRIORITY_AT, VRID_AT
from failover.vrrp.protocol import GROUPS, PRIORITY_RESIGN, Family

MOST_STREAMS: Final = 16
"""Of one program: about 200 instructions."""

_PRIORITY_AFTER_VRID: Final = PRIORITY_AT - VRID_AT


class Stream(NamedTuple):
    """What one sender advertises for one virtual router."""

    kind: int
    """The first byte of the message: version and type."""
    vrid: int
    source: bytes
    resigns: bool
    """Whether it is the packets of priority 0, or all others."""


def stream_of(family: Family, packet: bytes) -> Stream | None:
    """The stream of a packet of `Inbox.receive`; None where it has IP options or is too short."""
    vrid_at, source_at = VRID_POSITION[family], SOURCE_POSITION[family]
    priority_at = vrid_at + _PRIORITY_AFTER_VRID
    if len(packet) <= priority_at or (family is Family.IPV4 and packet[0] != ipv4.WITHOUT_OPTIONS):
        return None
    source = packet[source_at : source_at + len(GROUPS[family].packed)]
    return Stream(packet[vrid_at - VRID_AT], packet[vrid_at], source, packet[priority_at] == PRIORITY_RESIGN)


def pass_share(family: Family, streams: Collection[Stream], share: int) -> Program:
    """Refuse packets of these streams, but for a `share` of them: so many of `bpf.ALL`, left to chance."""
    matching = [_match(family, stream) for stream in streams]
    if not matching:
        return ()
    draw = refuse_but(share)
    program: Program = (Instruction(JUMP, len(draw)), *draw)
    for match in matching:
        # From a match over the tests that follow and the jump around `draw`, to `draw`.
        program = (*match, Instruction(JUMP, len(program) - len(draw)), *program)
    return program


def _match(family: Family, stream: Stream) -> Program:
    """Go on with the next instruction for a packet of the stream; skip that one for any other."""
    start = ipv4.SOURCE_AT if family is Family.IPV4 else NETWORK_HEADER + ipv6.SOURCE_AT
    words = [(start + at, int.from_bytes(stream.source[at : at + 4])) for at in range(0, len(stream.source), 4)]
    program: Program = ()
    for offset, word in reversed(words):
        program = (Instruction(LOAD_WORD, offset), _unless(word, len(program) + 1), *program)
    zero = Instruction(JUMP_IF_EQUAL, PRIORITY_RESIGN, jump_true=len(program) + 1)
    is_kind = _unless(PRIORITY_RESIGN, len(program) + 1) if stream.resigns else zero
    program = (*load_byte(family, PRIORITY_AT), is_kind, *program)
    program = (*load_byte(family, VRID_AT), _unless(stream.vrid, len(program) + 1), *program)
    return (*load_byte(family, 0), _unless(stream.kind, len(program) + 1), *program)


def _unless(value: int, skip: int) -> Instruction:
    return Instruction(JUMP_IF_EQUAL, value, jump_false=skip)
