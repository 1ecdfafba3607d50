"""Classic BPF, interpreted as the kernel does it: what `linux.filter.bpf` makes can be run without a kernel."""

from collections.abc import Callable, Mapping

import pytest

from failover.linux.filter import bpf

_WORD = 0xFFFFFFFF


class _EndOfPacketError(Exception):
    """A load past the end: the kernel refuses the packet."""


def run(  # noqa: C901, PLR0912, PLR0915 - one case an operation
    program: bpf.Program,
    packet: bytes,
    data_offset: int = 0,
    chance: Callable[[], int] = lambda: _WORD,
    about: Mapping[int, int] = {},
) -> int:
    """What the program returns, for a socket that sees `packet` from `data_offset` on; `chance` gives random words.

    `about` is what the kernel knows of the packet, by the offset that it is loaded from.
    """
    a = x = counter = 0
    memory = [0] * 16

    def load(offset: int, size: int) -> int:
        start = offset - bpf.NETWORK_HEADER if offset >= 1 << 31 else offset + data_offset
        if start + size > len(packet):
            raise _EndOfPacketError
        return int.from_bytes(packet[start : start + size])

    try:
        while True:
            code, k, jump_true, jump_false = program[counter]
            counter += 1
            match code:
                case bpf.LOAD_WORD if k == bpf.RANDOM:
                    a = chance()
                case bpf.LOAD_WORD if k in (bpf.PACKET_TYPE, bpf.VLAN_TAG_PRESENT):
                    a = about.get(k, 0)
                case bpf.LOAD_WORD:
                    a = load(k, 4)
                case bpf.LOAD_HALF:
                    a = load(k, 2)
                case bpf.LOAD_BYTE:
                    a = load(k, 1)
                case bpf.LOAD_LENGTH:
                    a = len(packet) - data_offset
                case bpf.LOAD_HALF_INDEXED:
                    a = load(x + k, 2)
                case bpf.LOAD_BYTE_INDEXED:
                    a = load(x + k, 1)
                case bpf.LOAD_HEADER_LENGTH:
                    x = 4 * (load(k, 1) & 0xF)
                case bpf.LOAD_IMMEDIATE:
                    a = k
                case bpf.LOAD_X_IMMEDIATE:
                    x = k
                case bpf.STORE:
                    memory[k] = a
                case bpf.LOAD_STORED:
                    a = memory[k]
                case bpf.LOAD_X_STORED:
                    x = memory[k]
                case bpf.COPY_TO_X:
                    x = a
                case bpf.ADD:
                    a = a + k & _WORD
                case bpf.ADD_X:
                    a = a + x & _WORD
                case bpf.MULTIPLY:
                    a = a * k & _WORD
                case bpf.MODULO:
                    a %= k
                case bpf.SHIFT_LEFT:
                    a = a << k & _WORD
                case bpf.AND:
                    a &= k
                case bpf.SHIFT_RIGHT:
                    a >>= k
                case bpf.SHIFT_RIGHT_BY_X:
                    a >>= x
                case bpf.JUMP:
                    counter += k
                case bpf.JUMP_IF_EQUAL:
                    counter += jump_true if a == k else jump_false
                case bpf.JUMP_IF_EQUAL_X:
                    counter += jump_true if a == x else jump_false
                case bpf.JUMP_IF_GREATER:
                    counter += jump_true if a > k else jump_false
                case bpf.JUMP_IF_GREATER_X:
                    counter += jump_true if a > x else jump_false
                case bpf.JUMP_IF_NOT_LESS:
                    counter += jump_true if a >= k else jump_false
                case bpf.JUMP_IF_NOT_LESS_X:
                    counter += jump_true if a >= x else jump_false
                case bpf.JUMP_IF_ANY_BIT:
                    counter += jump_true if a & k else jump_false
                case bpf.RETURN:
                    return k
                case _:
                    pytest.fail(f"unknown operation {code:#x}")
    except _EndOfPacketError:
        return 0
