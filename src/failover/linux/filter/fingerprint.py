"""A number that tells advertisements apart, the same in Python and in classic BPF: by it the kernel knows one again.

It is made of length, hop limit, sender, and the first eight bytes of the message, which have VRID, priority, count,
interval, and the checksum of the rest. Two that differ have the same one once in four thousand million times, or where
somebody has forged a checksum: what has a known fingerprint may wait, but is not to be believed unread.
"""

from collections.abc import Collection
from struct import Struct
from typing import Final

from failover.frames import ipv4, ipv6
from failover.linux.filter.bpf import (
    ADD,
    ADD_X,
    COPY_TO_X,
    JUMP,
    JUMP_IF_EQUAL,
    JUMP_IF_GREATER,
    LOAD_BYTE,
    LOAD_LENGTH,
    LOAD_WORD,
    MULTIPLY,
    NETWORK_HEADER,
    REFUSE,
    Instruction,
    Program,
)
from failover.linux.packet import Received
from failover.vrrp.advertisement import HEADER_LENGTH
from failover.vrrp.protocol import GROUPS, Family

_FACTOR: Final = 0x9E3779B1
"""Odd, its bits in disorder: with it each word counts, and its place."""
_MASK: Final = 0xFFFFFFFF
_WORDS: Final = {4: Struct("!3I"), 16: Struct("!6I")}
"""Of the sender, by the length of its address, and of the beginning of the message."""


def fingerprint(packet: Received) -> int:
    """That of a packet that holds a whole advertisement."""
    sender, message = packet.meta.source.packed, packet.payload
    found = len(message)
    for word in (packet.meta.hop_limit, *_WORDS[len(sender)].unpack(sender + message[:HEADER_LENGTH])):
        found = (found * _FACTOR + word) & _MASK
    return found


def refuse_known(family: Family, known: Collection[int]) -> Program:
    """Refuse what has one of these fingerprints, at most 255, and no IP options."""
    if not known:
        return ()
    is_ipv4 = family is Family.IPV4
    header = ipv4.HEADER_LENGTH if is_ipv4 else 0
    hop_limit = ipv4.TTL_AT if is_ipv4 else NETWORK_HEADER + ipv6.HOP_LIMIT_AT
    source = ipv4.SOURCE_AT if is_ipv4 else NETWORK_HEADER + ipv6.SOURCE_AT
    words = (*range(source, source + len(GROUPS[family].packed), 4), *range(header, header + HEADER_LENGTH, 4))
    comparison = (
        Instruction(ADD, -header & _MASK),  # what LOAD_LENGTH has found becomes that of the message
        *_mix(LOAD_BYTE, hop_limit),
        *(instruction for offset in words for instruction in _mix(LOAD_WORD, offset)),
        *(
            Instruction(JUMP_IF_EQUAL, number, jump_true=len(known) - place)
            for place, number in enumerate(sorted(known))
        ),
        Instruction(JUMP, 1),
        REFUSE,
    )
    program: Program = (
        Instruction(LOAD_LENGTH),
        Instruction(JUMP_IF_GREATER, header + HEADER_LENGTH - 1, jump_true=1),
        Instruction(JUMP, len(comparison)),
        *comparison,
    )
    if not is_ipv4:
        return program
    return (
        Instruction(LOAD_BYTE, 0),
        Instruction(JUMP_IF_EQUAL, ipv4.WITHOUT_OPTIONS, jump_true=1),
        Instruction(JUMP, len(program)),
        *program,
    )


def _mix(load: int, offset: int) -> Program:
    """The next word goes into A."""
    return Instruction(MULTIPLY, _FACTOR), Instruction(COPY_TO_X), Instruction(load, offset), Instruction(ADD_X)
