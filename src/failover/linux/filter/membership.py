"""Whether a number is one of a set: a bitmap of eight 32-bit words, for VRIDs."""

from typing import Final

from failover.linux.filter.bpf import (
    ACCEPT,
    AND,
    COPY_TO_X,
    JUMP_IF_ANY_BIT,
    LOAD_STORED,
    REFUSE,
    SHIFT_RIGHT,
    SHIFT_RIGHT_BY_X,
    STORE,
    Instruction,
    Program,
    choose,
)

_WORD_BITS: Final = 32


def demand_member(vrids: frozenset[int], then: Instruction = ACCEPT) -> Program:
    """Do `then` where the number in A is one of `vrids`, and refuse all else. `then` may jump over the last refusal."""
    words: dict[int, int] = {}
    for vrid in vrids:
        number, bit = divmod(vrid, _WORD_BITS)
        words[number] = words.get(number, 0) | 1 << bit
    return (
        Instruction(STORE, 0),
        Instruction(AND, _WORD_BITS - 1),
        Instruction(COPY_TO_X),
        Instruction(LOAD_STORED, 0),
        Instruction(SHIFT_RIGHT, _WORD_BITS.bit_length() - 1),
        *choose(words, REFUSE),
        Instruction(SHIFT_RIGHT_BY_X),
        Instruction(JUMP_IF_ANY_BIT, 1, jump_false=1),
        then,
        REFUSE,
    )
