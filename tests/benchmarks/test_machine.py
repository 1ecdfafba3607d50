"""What the kernel says of processes, compared with what it says elsewhere."""

import os
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.machine import cpu_seconds, environment, memory_megabytes, taken, ticks_of_other
from failover.version import __version__

TICK_SECONDS = 0.02
"""How stale the kernel's number may be of a process that is running: two ticks of the slowest clock."""


def test_cpu_time_is_what_the_process_itself_counts() -> None:
    before, own = cpu_seconds(os.getpid()), time.process_time()
    while time.process_time() < own + 0.1:
        pass
    used, counted = cpu_seconds(os.getpid()) - before, time.process_time() - own
    assert abs(used - counted) < TICK_SECONDS


def test_the_cpu_time_of_several_is_their_sum() -> None:
    me = os.getpid()
    assert cpu_seconds() == 0
    assert cpu_seconds(me, me) >= cpu_seconds(me)


def test_shared_memory_counts_in_proportion() -> None:
    assert 5 < memory_megabytes(os.getpid(), "Pss") <= memory_megabytes(os.getpid(), "Rss")


def test_neither_we_nor_our_children_are_the_rest_of_the_machine() -> None:
    with subprocess.Popen([sys.executable, "-c", "sum(range(10**6)); input()"], stdin=subprocess.PIPE) as child:
        assert ticks_of_other(Path("/proc/self").resolve(), ()) == 0
        assert ticks_of_other(Path(f"/proc/{child.pid}"), ()) == 0
        child.kill()


def test_a_process_in_a_namespace_of_the_lab_is_not_the_rest_of_the_machine() -> None:
    parent = Path(f"/proc/{os.getppid()}")
    assert ticks_of_other(parent, {(parent / "ns/net").stat().st_ino}) == 0


def test_the_environment_names_what_a_reader_must_know() -> None:
    assert {"kernel", "CPUs", "Python", "keepalived", "FRR"} <= environment().keys()
    assert f"failover {__version__}, commit " in taken()
