"""The filter of system calls: by the kernel's rules, interpreted, and its numbers beside those of the headers."""

import errno
import os
import re
import struct
from pathlib import Path
from typing import Final

import pytest

from failover.linux.confinement import system_calls
from failover.linux.confinement.system_calls import CALLS, CLONE3, MACHINES, NEWEST, program
from tests.linux.filter.bpf_machine import run

PID: Final = 1234
ALLOWED: Final = 0x7FFF0000
REFUSED: Final = 0x00050000 | errno.EPERM
UNKNOWN: Final = 0x00050000 | errno.ENOSYS
HEADERS: Final = {
    "x86_64": Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
    "aarch64": Path("/usr/include/asm-generic/unistd.h"),
    "riscv64": Path("/usr/include/asm-generic/unistd.h"),
}


def numbers(machine: str) -> dict[str, int]:
    """What is allowed on a machine, by name."""
    column = MACHINES[machine].numbers
    entries = (entry.split() for entry in CALLS.split(";"))
    return {name: int(found[column]) for name, *found in entries if found[column] != "-"}


def asked(machine: str, number: int, *arguments: int) -> int:
    """What the filter says to a call. Words as the interpreter reads them: the highest byte first."""
    words = [part for one in arguments for part in (one & 0xFFFFFFFF, one >> 32)]
    packet = struct.pack("!IIQ", number, MACHINES[machine].audit, 0) + struct.pack(f"!{len(words)}I", *words)
    return run(program(MACHINES[machine], PID), packet.ljust(64, b"\0"))


@pytest.mark.parametrize("machine", MACHINES)
def test_the_numbers_are_those_of_the_headers(machine: str) -> None:
    if not HEADERS[machine].exists():
        pytest.skip("needs the kernel's headers (linux-libc-dev)")
    lines = re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)$", HEADERS[machine].read_text(), re.MULTILINE)
    there = {name: int(number) for name, number in lines}
    # By their names for 64 bits.
    there |= {"newfstatat": there.get("newfstatat", there.get("fstatat", -1))}
    assert {name: there.get(name) for name in numbers(machine)} == numbers(machine)


@pytest.mark.parametrize("machine", MACHINES)
def test_what_is_not_listed_is_refused_and_what_is_newer_unknown(machine: str) -> None:
    listed = set(numbers(machine).values())
    for number in range(NEWEST + 1):
        if number != CLONE3 and number not in listed:
            assert asked(machine, number, 0, 0) == REFUSED
    assert asked(machine, NEWEST + 1) == UNKNOWN
    assert asked(machine, CLONE3) == UNKNOWN
    assert asked(machine, 0x40000000 | numbers(machine)["read"]) == UNKNOWN, "x32, another way to the same calls"


@pytest.mark.parametrize("machine", MACHINES)
def test_of_some_only_a_part_is_allowed(machine: str) -> None:
    of = numbers(machine)
    for name, allowed, refused in (
        ("socket", [(1, 1, 0)], [(2, 1, 0), (10, 2, 0), (16, 3, 0), (17, 3, 0)]),
        ("prlimit64", [(0, 7)], [(PID + 1, 7), (1, 7)]),
        ("tgkill", [(PID, PID, 6)], [(PID + 1, PID + 1, 6)]),
        ("clone", [(0x3D0F00,)], [(0x11,), (0x1200011,), (0x10000000 | 17,)]),
        ("fcntl", [(0, 3), (0, 4)], [(0, 8, PID + 1), (0, 15), (0, 6), (0, 10)]),
        ("ioctl", [(0, 0x5421), (0, 0x5401)], [(0, 0x5412), (0, 0x8901), (0, 0x8914)]),
        ("prctl", [(15,)], [(22,), (4,), (1,)]),
    ):
        assert {asked(machine, of[name], *arguments) for arguments in allowed} == {ALLOWED}, name
        assert {asked(machine, of[name], *arguments) for arguments in refused} == {REFUSED}, name
    assert asked(machine, of["read"]) == ALLOWED


def test_programs_of_another_architecture_are_refused_everything() -> None:
    packet = struct.pack("!IIQ", 0, 0x40000003, 0).ljust(64, b"\0")
    assert run(program(MACHINES["x86_64"], PID), packet) == REFUSED


def test_a_machine_without_a_list_has_no_filter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "uname", lambda: os.uname_result(("Linux", "lab", "6.18", "1", "vax")))
    with pytest.raises(OSError, match="none for vax"):
        system_calls.restrict_self()
