"""The machine of classic BPF: its instructions, pieces that programs share, and the call that attaches one.

A and X are its registers, M its 16 words of memory. Jumps go forwards only; a condition's reach 255 instructions, those
of `JUMP` any number. A load past the end of the packet refuses it. What our programs demand is in `filter`.
"""

import socket
from collections.abc import Mapping
from ctypes import addressof, create_string_buffer
from struct import Struct
from typing import Final, NamedTuple

from failover.vrrp.protocol import Family


class Instruction(NamedTuple):
    """`struct sock_filter` of linux/filter.h."""

    code: int
    k: int = 0
    jump_true: int = 0
    """Instructions to skip where the condition holds."""
    jump_false: int = 0


Program = tuple[Instruction, ...]

# Operation codes of linux/bpf_common.h, each with the mnemonic of bpf_asm.
LOAD_WORD: Final = 0x20
"""ld [k]"""
LOAD_HALF: Final = 0x28
"""ldh [k]"""
LOAD_BYTE: Final = 0x30
"""ldb [k]"""
LOAD_LENGTH: Final = 0x80
"""ld len: of the packet, as the socket sees it"""
LOAD_HALF_INDEXED: Final = 0x48
"""ldh [x + k]"""
LOAD_BYTE_INDEXED: Final = 0x50
"""ldb [x + k]"""
LOAD_HEADER_LENGTH: Final = 0xB1
"""ldxb 4*([k]&0xf): to X"""
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
JUMP_IF_NOT_LESS_X: Final = 0x3D
"""jge x"""
JUMP_IF_ANY_BIT: Final = 0x45
"""jset #k"""
RETURN: Final = 0x06
"""ret #k: how many bytes of the packet to keep, 0 for none"""

NETWORK_HEADER: Final = 0xFFF00000
"""SKF_NET_OFF: offsets from here count from the IP header."""

ACCEPT: Final = Instruction(RETURN, 0xFFFFFFFF)
REFUSE: Final = Instruction(RETURN, 0)

ADD_WITH_CARRY: Final = (
    Instruction(ADD_X),
    Instruction(JUMP_IF_NOT_LESS_X, jump_true=1),  # a sum that is less than what was added has overflowed
    Instruction(ADD, 1),
    Instruction(COPY_TO_X),
)
"""Add A to X and leave the sum in both, what overflows added at the other end: arithmetic modulo 2**32 - 1."""

_SO_ATTACH_FILTER: Final = 26
_SOCK_FILTER: Final = Struct("@HBBI")
_SOCK_FPROG: Final = Struct("@HP")


def choose(cases: Mapping[int, int], otherwise: Instruction) -> Program:
    """Load to A the value of the case that A names; `otherwise` where there is none."""
    chosen: list[Instruction] = []
    for left, (number, value) in enumerate(sorted(cases.items(), reverse=True)):
        chosen[:0] = (
            Instruction(JUMP_IF_EQUAL, number, jump_false=2),
            Instruction(LOAD_IMMEDIATE, value),
            Instruction(JUMP, 3 * left + 1),  # over the cases that follow and `otherwise` after the last
        )
    return (*chosen, otherwise)


def load_byte(family: Family, offset: int) -> Program:
    """Load a byte of the IP payload to A, over IPv4 the IP header's length to X."""
    if family is Family.IPV4:
        return Instruction(LOAD_HEADER_LENGTH, 0), Instruction(LOAD_BYTE_INDEXED, offset)
    return (Instruction(LOAD_BYTE, offset),)


def load_half(family: Family, offset: int) -> Program:
    """The same with two bytes."""
    if family is Family.IPV4:
        return Instruction(LOAD_HEADER_LENGTH, 0), Instruction(LOAD_HALF_INDEXED, offset)
    return (Instruction(LOAD_HALF, offset),)


def where_greater(offset: int, bound: bytes, then: Program) -> Program:
    """Do `then` where the bytes at `offset`, whole words, are a greater number than `bound`; changes A."""
    words = [int.from_bytes(bound[start : start + 4]) for start in range(0, len(bound), 4)]
    program: Program = (
        Instruction(LOAD_WORD, offset + len(bound) - 4),
        Instruction(JUMP_IF_GREATER, words.pop(), jump_false=len(then)),
    )
    while words:  # towards the front: what decides, unless it is equal
        program = (
            Instruction(LOAD_WORD, offset + 4 * (len(words) - 1)),
            Instruction(JUMP_IF_GREATER, words[-1], jump_true=len(program) + 1),
            Instruction(JUMP_IF_EQUAL, words.pop(), jump_false=len(program) + len(then)),
            *program,
        )
    return (*program, *then)


def attach(sock: socket.socket, program: Program) -> None:
    """Put the program in force, in the place of the one before: no packet meets neither or both."""
    code = b"".join(_SOCK_FILTER.pack(i.code, i.jump_true, i.jump_false, i.k) for i in program)
    buffer = create_string_buffer(code, len(code))
    sock.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, _SOCK_FPROG.pack(len(program), addressof(buffer)))
