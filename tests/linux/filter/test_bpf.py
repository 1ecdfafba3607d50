"""`linux.filter.bpf`: the pieces of programs, each against what it says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from failover.linux.filter import bpf
from failover.linux.filter.bpf import Instruction
from failover.vrrp.packet.checksum import ones_complement_sum
from tests.linux.filter.bpf_machine import run


def answer(program: bpf.Program, packet: bytes = b"") -> bool:
    """Whether A is 1 at the end."""
    return run((*program, Instruction(bpf.JUMP_IF_EQUAL, 1, jump_false=1), bpf.ACCEPT, bpf.REFUSE), packet) > 0


@given(cases=st.dictionaries(st.integers(0, 255), st.booleans(), max_size=255), number=st.integers(0, 255))
def test_choose_loads_the_value_of_the_case(cases: dict[int, bool], number: int) -> None:
    program = (Instruction(bpf.LOAD_IMMEDIATE, number), *bpf.choose(cases, Instruction(bpf.LOAD_IMMEDIATE, 0)))
    assert answer(program) == cases.get(number, False)


@given(words=st.integers(1, 4), data=st.data())
def test_where_greater_compares_whole_numbers(words: int, data: st.DataObject) -> None:
    few = st.lists(st.sampled_from([0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF]), min_size=words, max_size=words)
    bound, found = (b"".join(word.to_bytes(4) for word in data.draw(few)) for _ in range(2))
    then = (Instruction(bpf.LOAD_IMMEDIATE, 1), Instruction(bpf.STORE, 0))
    program = (
        Instruction(bpf.LOAD_IMMEDIATE, 0),
        Instruction(bpf.STORE, 0),
        *bpf.where_greater(4, bound, then),
        Instruction(bpf.LOAD_STORED, 0),
    )
    assert answer(program, bytes(4) + found) == (found > bound)


@given(words=st.lists(st.binary(min_size=4, max_size=4) | st.just(b"\xff" * 4), min_size=1, max_size=8))
def test_adding_with_carry_is_the_checksums_arithmetic(words: list[bytes]) -> None:
    data = b"".join(words)
    program = [Instruction(bpf.LOAD_X_IMMEDIATE, 0)]
    for offset in range(0, len(data), 4):
        program += [Instruction(bpf.LOAD_WORD, offset), *bpf.ADD_WITH_CARRY]
    expected = ones_complement_sum(data) % 0xFFFF
    compared = (Instruction(bpf.MODULO, 0xFFFF), Instruction(bpf.JUMP_IF_EQUAL, expected, jump_true=1))
    assert run((*program, *compared, bpf.REFUSE, bpf.ACCEPT), data) > 0


@pytest.mark.parametrize("load", [bpf.LOAD_WORD, bpf.LOAD_HALF, bpf.LOAD_BYTE])
def test_a_load_past_the_end_refuses(load: int) -> None:
    size = {bpf.LOAD_WORD: 4, bpf.LOAD_HALF: 2, bpf.LOAD_BYTE: 1}[load]
    program = (Instruction(load, 8), bpf.ACCEPT)
    assert run(program, bytes(8 + size)) > 0
    assert run(program, bytes(8 + size - 1)) == 0
