"""The fingerprint of an advertisement: a 32-bit hash, computed alike in Python and in classic BPF.

By it the kernel recognises an advertisement that the daemon knows already. It covers length, hop limit, sender, and the
first eight bytes of the message: VRID, priority, count, interval, and the checksum of the rest. Two different
advertisements have the same fingerprint once in four thousand million times, or where somebody has forged a checksum.
So an advertisement with a known fingerprint may wait unread for a while, but must still be read.
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
    Instruction,
    Program,
    refuse_but,
)
from failover.linux.packet import Received
from failover.vrrp.packet.advertisement import HEADER_LENGTH
from failover.vrrp.protocol import ADDRESS_BYTES, Family

_FACTOR: Final = 0x9E3779B1
"""The multiplier of the hash: odd, with irregular bits, so that each word counts, and the order of the words too."""
_MASK: Final = 0xFFFFFFFF
_WORDS: Final = {4: Struct("!3I"), 16: Struct("!6I")}
"""By the length in bytes of the sender's address: the words of that address and of the first 8 bytes of the message."""


def fingerprint(packet: Received) -> int:
    """The fingerprint of a packet whose payload has at least 8 bytes (`HEADER_LENGTH`)."""
    sender, message = packet.meta.source.packed, packet.payload
    found = len(message)
    for word in (packet.meta.hop_limit, *_WORDS[len(sender)].unpack(sender + message[:HEADER_LENGTH])):
        found = (found * _FACTOR + word) & _MASK
    return found


def refuse_known(family: Family, known: Collection[int], share: int = 0) -> Program:
    """The program that refuses packets with one of these fingerprints, but for a `share` of them (of `bpf.ALL`).

    Packets with IP options pass.

    `known` has at most 255 members: a conditional jump reaches no farther.
    """
    if not known:
        return ()
    is_ipv4 = family is Family.IPV4
    header = ipv4.HEADER_LENGTH if is_ipv4 else 0
    hop_limit = ipv4.TTL_AT if is_ipv4 else NETWORK_HEADER + ipv6.HOP_LIMIT_AT
    source = ipv4.SOURCE_AT if is_ipv4 else NETWORK_HEADER + ipv6.SOURCE_AT
    words = (*range(source, source + ADDRESS_BYTES[family], 4), *range(header, header + HEADER_LENGTH, 4))
    refusal = refuse_but(share)
    comparison = (
        Instruction(ADD, -header & _MASK),  # from the packet's length to the message's
        *_mix(LOAD_BYTE, hop_limit),
        *(instruction for offset in words for instruction in _mix(LOAD_WORD, offset)),
        *(
            Instruction(JUMP_IF_EQUAL, number, jump_true=len(known) - place)
            for place, number in enumerate(sorted(known))
        ),
        Instruction(JUMP, len(refusal)),
        *refusal,
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
    """Mix the next word, at `offset`, into the hash in A."""
    return Instruction(MULTIPLY, _FACTOR), Instruction(COPY_TO_X), Instruction(load, offset), Instruction(ADD_X)
