"""The kernel filter of an advertisement socket: classic BPF, attached with SO_ATTACH_FILTER.

It refuses what cannot concern us: another destination than the VRRP group, a VRID that nobody here has. A wrong TTL,
version or checksum passes, so that the daemon counts and explains it; in a flood of them a stricter program refuses
all that it can, which is all but a wrong checksum and what depends on the router.

The set of VRIDs is a bitmap of eight 32-bit words. The program picks the word by the VRID's upper three bits and
tests the bit given by the lower five: 18 instructions for one VRID over IPv4, at most 47 for all 255 over IPv6. The
stricter one has 16 to 32 more.
"""

import socket
from ctypes import addressof, create_string_buffer
from struct import Struct
from typing import Final, NamedTuple

from failover.vrrp.advertisement import HEADER_LENGTH, TYPE_ADVERTISEMENT, trailer_length
from failover.vrrp.protocol import GROUPS, HOP_LIMIT, VRIDS, Family, Version


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
LOAD_LENGTH: Final = 0x80
"""ld len: of the packet, as the socket sees it"""
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
ADD: Final = 0x04
"""add #k"""
ADD_X: Final = 0x0C
"""add x"""
SHIFT_LEFT: Final = 0x64
"""lsh #k"""
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
JUMP_IF_EQUAL_X: Final = 0x1D
"""jeq x"""
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
_IPV4_TTL: Final = 8
_IPV6_HOP_LIMIT: Final = 7
# Offsets in the VRRP message (RFC 9568 §5.2).
_VRID: Final = 1
_COUNT: Final = 3
_LOG2_ADDRESS_LENGTH: Final = {Family.IPV4: 2, Family.IPV6: 4}
_WORD_BITS: Final = 32

_SO_ATTACH_FILTER: Final = 26
_SOCK_FILTER: Final = Struct("@HBBI")
_SOCK_FPROG: Final = Struct("@HP")


def program(
    family: Family, vrids: frozenset[int], versions: frozenset[Version] = frozenset()
) -> tuple[Instruction, ...]:
    """The filter for a raw socket of protocol 112 that accepts `vrids`, none to 255 of them.

    With `versions` it is the stricter one: only whole advertisements of these, from this link.
    """
    if not vrids <= frozenset(VRIDS):
        raise ValueError(f"vrids are {sorted(vrids)}; allowed: {VRIDS[0]} to {VRIDS[-1]}")
    strictly = _demand_sound(family, versions) if versions else ()
    return (*_demand_group(family), *strictly, *_load_message_byte(family, _VRID), *_test_membership(vrids))


def attach(sock: socket.socket, instructions: tuple[Instruction, ...]) -> None:
    """Put the program in force, in the place of the one before: no packet meets neither or both."""
    code = b"".join(_SOCK_FILTER.pack(i.code, i.jump_true, i.jump_false, i.k) for i in instructions)
    buffer = create_string_buffer(code, len(code))
    sock.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, _SOCK_FPROG.pack(len(instructions), addressof(buffer)))


def _demand_group(family: Family) -> tuple[Instruction, ...]:
    """Refuse another destination than the group."""
    # a raw IPv4 socket sees the packet from its IP header; to an IPv6 one, the kernel keeps that at hand
    offset = _IPV4_DESTINATION if family is Family.IPV4 else NETWORK_HEADER + _IPV6_DESTINATION
    return _demand_words(offset, GROUPS[family].packed)


def _demand_sound(family: Family, versions: frozenset[Version]) -> tuple[Instruction, ...]:
    """Refuse what has passed a router, other versions and types, and a length that contradicts the count."""
    hop_limit = _IPV4_TTL if family is Family.IPV4 else NETWORK_HEADER + _IPV6_HOP_LIMIT
    blocks: tuple[Instruction, ...] = (_REFUSE,)
    for version in sorted(versions):
        length = _demand_length(family, version)
        blocks = (
            Instruction(JUMP_IF_EQUAL, version << 4 | TYPE_ADVERTISEMENT, jump_false=len(length) + 1),
            *length,
            Instruction(JUMP, len(blocks)),
            *blocks,
        )
    return (
        Instruction(LOAD_BYTE, hop_limit),
        Instruction(JUMP_IF_EQUAL, HOP_LIMIT, jump_true=1),
        _REFUSE,
        *_load_message_byte(family, 0),
        *blocks,
    )


def _demand_length(family: Family, version: Version) -> tuple[Instruction, ...]:
    """Refuse a message that has no address, or is not as long as its count says."""
    header = (Instruction(ADD_X),) if family is Family.IPV4 else ()
    return (
        *_load_message_byte(family, _COUNT),
        Instruction(JUMP_IF_EQUAL, 0, jump_false=1),
        _REFUSE,
        Instruction(SHIFT_LEFT, _LOG2_ADDRESS_LENGTH[family]),
        Instruction(ADD, HEADER_LENGTH + trailer_length(version)),
        *header,
        Instruction(COPY_TO_X),
        Instruction(LOAD_LENGTH),
        Instruction(JUMP_IF_EQUAL_X, jump_true=1),
        _REFUSE,
    )


def _load_message_byte(family: Family, offset: int) -> tuple[Instruction, ...]:
    """Load a byte of the VRRP message to A, over IPv4 the IP header's length to X. Past the end, a load refuses."""
    if family is Family.IPV4:
        return Instruction(LOAD_HEADER_LENGTH, 0), Instruction(LOAD_BYTE_INDEXED, offset)
    return (Instruction(LOAD_BYTE, offset),)


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
