"""Classic BPF: its instructions, pieces that several programs share, and the call that attaches a program to a socket.

Knows nothing of VRRP: programs for other parts of the kernel are made of the same instructions.

The machine has two registers, A and X, and 16 words of memory, M. Jumps only go forwards: conditional ones over at most
255 instructions, `JUMP` over any number. A load past the end of the packet refuses the packet. What our filters test is
in `program`, `soundness` and `fingerprint`. See Documentation/networking/filter.rst of the kernel.
"""

import socket
from collections.abc import Mapping
from ctypes import Array, addressof, c_char, create_string_buffer
from struct import Struct
from typing import Final, NamedTuple


class Instruction(NamedTuple):
    """`struct sock_filter` of linux/filter.h."""

    code: int
    k: int = 0
    jump_true: int = 0
    """How many instructions to skip where the condition holds."""
    jump_false: int = 0
    """How many instructions to skip where it does not."""


Program = tuple[Instruction, ...]

# Operation codes of linux/bpf_common.h, each with the mnemonic of bpf_asm.
LOAD_WORD: Final = 0x20
"""ld [k]"""
LOAD_HALF: Final = 0x28
"""ldh [k]"""
LOAD_BYTE: Final = 0x30
"""ldb [k]"""
LOAD_LENGTH: Final = 0x80
"""ld len: the length of the packet, as the socket sees it, to A"""
LOAD_HALF_INDEXED: Final = 0x48
"""ldh [x + k]"""
LOAD_BYTE_INDEXED: Final = 0x50
"""ldb [x + k]"""
LOAD_HEADER_LENGTH: Final = 0xB1
"""ldxb 4*([k]&0xf): the length of the IPv4 header at k, to X"""
LOAD_IMMEDIATE: Final = 0x00
"""ld #k"""
LOAD_X_IMMEDIATE: Final = 0x01
"""ldx #k"""
STORE: Final = 0x02
"""st M[k]"""
LOAD_STORED: Final = 0x60
"""ld M[k]"""
LOAD_X_STORED: Final = 0x61
"""ldx M[k]"""
COPY_TO_X: Final = 0x07
"""tax"""
ADD: Final = 0x04
"""add #k"""
ADD_X: Final = 0x0C
"""add x"""
MULTIPLY: Final = 0x24
"""mul #k"""
MODULO: Final = 0x94
"""mod #k"""
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
JUMP_IF_GREATER: Final = 0x25
"""jgt #k"""
JUMP_IF_GREATER_X: Final = 0x2D
"""jgt x"""
JUMP_IF_NOT_LESS: Final = 0x35
"""jge #k"""
JUMP_IF_NOT_LESS_X: Final = 0x3D
"""jge x"""
JUMP_IF_ANY_BIT: Final = 0x45
"""jset #k"""
RETURN: Final = 0x06
"""ret #k: how many bytes of the packet to keep, 0 for none"""

NETWORK_HEADER: Final = 0xFFF00000
"""SKF_NET_OFF: an offset plus this counts from the IP header, also where the socket sees the payload only."""
RANDOM: Final = 0xFFFFF000 + 56
"""SKF_AD_OFF + SKF_AD_RANDOM: a word loaded from there is a random number, another one each time."""

PACKET_TYPE: Final = 0xFFFFF000 + 4
"""SKF_AD_OFF + SKF_AD_PKTTYPE: a word loaded from there says how a frame came to a packet socket (packet(7))."""
VLAN_TAG_PRESENT: Final = 0xFFFFF000 + 48
"""SKF_AD_OFF + SKF_AD_VLAN_TAG_PRESENT: a word loaded from there is 1 where a VLAN tag was taken off, else 0."""

ACCEPT: Final = Instruction(RETURN, 0xFFFFFFFF)
REFUSE: Final = Instruction(RETURN, 0)

ADD_WITH_CARRY: Final = (
    Instruction(ADD_X),
    Instruction(JUMP_IF_NOT_LESS_X, jump_true=1),  # a sum less than one of its summands has overflowed
    Instruction(ADD, 1),
    Instruction(COPY_TO_X),
)
"""Add A to X with end-around carry, and leave the sum in both: arithmetic modulo 2**32 - 1."""

ALL: Final = 1 << 32
"""The share that is everything: of so many packets."""

_SO_ATTACH_FILTER: Final = 26
_SOCK_FILTER: Final = Struct("@HBBI")
_SOCK_FPROG: Final = Struct("@HP")


def choose(cases: Mapping[int, int], otherwise: Instruction) -> Program:
    """A switch: load to A the value that `cases` has for A; do `otherwise` where it has none."""
    chosen: list[Instruction] = []
    for left, (number, value) in enumerate(sorted(cases.items(), reverse=True)):
        chosen[:0] = (
            Instruction(JUMP_IF_EQUAL, number, jump_false=2),
            Instruction(LOAD_IMMEDIATE, value),
            Instruction(JUMP, 3 * left + 1),  # over the cases that follow and `otherwise` after the last
        )
    return (*chosen, otherwise)


def refuse_but(share: int) -> Program:
    """Refuse all but a `share`, of which the packets are left to chance: so many of `ALL`. Changes A."""
    if not share:
        return (REFUSE,)
    return Instruction(LOAD_WORD, RANDOM), Instruction(JUMP_IF_GREATER, share - 1, jump_false=1), REFUSE


def demand(offset: int, expected: bytes) -> Program:
    """Refuse a packet that does not have `expected`, a multiple of 4 bytes, at `offset`. Changes A."""
    return tuple(
        instruction
        for start in range(0, len(expected), 4)
        for instruction in (
            Instruction(LOAD_WORD, offset + start),
            Instruction(JUMP_IF_EQUAL, int.from_bytes(expected[start : start + 4]), jump_true=1),
            REFUSE,
        )
    )


def where_greater(offset: int, bound: bytes, then: Program) -> Program:
    """Do `then` where the bytes at `offset`, read as one number, are greater than `bound`. Changes A.

    `bound` has a multiple of 4 bytes.
    """
    words = [int.from_bytes(bound[start : start + 4]) for start in range(0, len(bound), 4)]
    program: Program = (
        Instruction(LOAD_WORD, offset + len(bound) - 4),
        Instruction(JUMP_IF_GREATER, words.pop(), jump_false=len(then)),
    )
    while words:  # from the last word to the first: each decides, unless it is equal
        program = (
            Instruction(LOAD_WORD, offset + 4 * (len(words) - 1)),
            Instruction(JUMP_IF_GREATER, words[-1], jump_true=len(program) + 1),
            Instruction(JUMP_IF_EQUAL, words.pop(), jump_false=len(program) + len(then)),
            *program,
        )
    return (*program, *then)


def attach(sock: socket.socket, program: Program) -> None:
    """Replace a socket's filter by this program, in one step: each packet meets either the old one or the new one.

    Raises `OSError` ENOMEM where the program exceeds the memory that the socket may use (net.core.optmem_max).
    """
    with_length, _code = assembled(program)
    sock.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, with_length)


def assembled(program: Program) -> tuple[bytes, Array[c_char]]:
    """A program as the kernel takes it: `struct sock_fprog`, and the memory that it points to, to be kept meanwhile."""
    code = b"".join(_SOCK_FILTER.pack(i.code, i.jump_true, i.jump_false, i.k) for i in program)
    buffer = create_string_buffer(code, len(code))
    return _SOCK_FPROG.pack(len(program), addressof(buffer)), buffer
