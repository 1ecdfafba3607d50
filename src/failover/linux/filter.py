"""The kernel filter of an advertisement socket: classic BPF, attached with SO_ATTACH_FILTER.

It refuses only what cannot concern us: another destination than the VRRP group, a VRID that nobody here has. A
wrong TTL, version or checksum passes, so that the daemon counts and explains it.

The set of VRIDs is a bitmap of eight 32-bit words. The program picks the word by the VRID's upper three bits and
tests the bit given by the lower five: 18 instructions for one VRID over IPv4, at most 47 for all 255 over IPv6.
"""

import socket
from ctypes import addressof, create_string_buffer
from struct import Struct
from typing import Final, NamedTuple

from failover.vrrp.protocol import GROUPS, VRIDS, Family


class Instruction(NamedTuple):
    """`struct sock_filter` of linux/filter.h."""

    code: int
    k: int = 0
    jump_true: int = 0
    """Instructions to skip where the condition holds."""
    jump_false: int = 0


# Operation codes of linux/bpf_common.h, each with the mnemonic of bpf_asm. A and X are the machine's registers.
LOAD_WORD: Final = 0x20
"""ld [k]"""
LOAD_BYTE: Final = 0x30
"""ldb [k]"""
LOAD_BYTE_INDEXED: Final = 0x50
"""ldb [x + k]"""
LOAD_HEADER_LENGTH: Final = 0xB1
"""ldxb 4*([k]&0xf): to X"""
LOAD_IMMEDIATE: Final = 0x00
"""ld #k"""
STORE: Final = 0x02
"""st M[k]"""
LOAD_STORED: Final = 0x60
"""ld M[k]"""
COPY_TO_X: Final = 0x07
"""tax"""
AND: Final = 0x54
"""and #k"""
SHIFT_RIGHT: Final = 0x74
"""rsh #k"""
SHIFT_RIGHT_BY_X: Final = 0x7C
"""rsh x"""
JUMP: Final = 0x05
"""ja k"""
JUMP_IF_EQUAL: Final = 0x15
"""jeq #k"""
JUMP_IF_ANY_BIT: Final = 0x45
"""jset #k"""
RETURN: Final = 0x06
"""ret #k: how many bytes of the packet to keep, 0 for none"""

NETWORK_HEADER: Final = 0xFFF00000
"""SKF_NET_OFF: offsets from here count from the IP header."""

_ACCEPT: Final = Instruction(RETURN, 0xFFFFFFFF)
_REFUSE: Final = Instruction(RETURN, 0)

_IPV4_DESTINATION: Final = 16
_IPV6_DESTINATION: Final = 24
_VRID: Final = 1
"""Offset in the VRRP message (RFC 9568 §5.2)."""
_WORD_BITS: Final = 32

_SO_ATTACH_FILTER: Final = 26
_SOCK_FILTER: Final = Struct("@HBBI")
_SOCK_FPROG: Final = Struct("@HP")


def program(family: Family, vrids: frozenset[int]) -> tuple[Instruction, ...]:
    """The filter for a raw socket of protocol 112 that accepts `vrids`, none to 255 of them."""
    if not vrids <= frozenset(VRIDS):
        raise ValueError(f"vrids are {sorted(vrids)}; allowed: {VRIDS[0]} to {VRIDS[-1]}")
    return (*_load_vrid(family), *_test_membership(vrids))


def attach(sock: socket.socket, instructions: tuple[Instruction, ...]) -> None:
    """Put the program in force, in the place of the one before: no packet meets neither or both."""
    code = b"".join(_SOCK_FILTER.pack(i.code, i.jump_true, i.jump_false, i.k) for i in instructions)
    buffer = create_string_buffer(code, len(code))
    sock.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, _SOCK_FPROG.pack(len(instructions), addressof(buffer)))


def _load_vrid(family: Family) -> tuple[Instruction, ...]:
    """Refuse another destination than the group, then leave the VRID in A. A load past the end refuses."""
    group = GROUPS[family].packed
    if family is Family.IPV4:  # a raw IPv4 socket sees the packet from its IP header
        return (
            *_demand_words(_IPV4_DESTINATION, group),
            Instruction(LOAD_HEADER_LENGTH, 0),
            Instruction(LOAD_BYTE_INDEXED, _VRID),
        )
    # a raw IPv6 socket sees it from the VRRP message; the kernel keeps the IP header at hand
    return (*_demand_words(NETWORK_HEADER + _IPV6_DESTINATION, group), Instruction(LOAD_BYTE, _VRID))


def _demand_words(offset: int, expected: bytes) -> tuple[Instruction, ...]:
    """Refuse a packet that has not `expected`, whole words, at `offset`."""
    return tuple(
        instruction
        for start in range(0, len(expected), 4)
        for instruction in (
            Instruction(LOAD_WORD, offset + start),
            Instruction(JUMP_IF_EQUAL, int.from_bytes(expected[start : start + 4]), jump_true=1),
            _REFUSE,
        )
    )


def _test_membership(vrids: frozenset[int]) -> tuple[Instruction, ...]:
    """Accept where the number in A is one of `vrids`."""
    words: dict[int, int] = {}
    for vrid in sorted(vrids):
        number, bit = divmod(vrid, _WORD_BITS)
        words[number] = words.get(number, 0) | 1 << bit
    choice: list[Instruction] = []
    for left, (number, word) in enumerate(sorted(words.items(), reverse=True)):
        choice[:0] = (
            Instruction(JUMP_IF_EQUAL, number, jump_false=2),
            Instruction(LOAD_IMMEDIATE, word),
            Instruction(JUMP, 3 * left + 1),  # over the choices that follow and the refusal after the last
        )
    return (
        Instruction(STORE, 0),
        Instruction(AND, _WORD_BITS - 1),
        Instruction(COPY_TO_X),
        Instruction(LOAD_STORED, 0),
        Instruction(SHIFT_RIGHT, _WORD_BITS.bit_length() - 1),
        *choice,
        _REFUSE,
        Instruction(SHIFT_RIGHT_BY_X),
        Instruction(JUMP_IF_ANY_BIT, 1, jump_false=1),
        _ACCEPT,
        _REFUSE,
    )
