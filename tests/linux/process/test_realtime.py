"""What the kernel says after it was asked, in a process of its own; and when it refuses."""

import errno
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

import pytest

from failover.linux.process import realtime
from tests.engine.daemons import ENVIRONMENT

PRELUDE = """
import json, os, resource, signal
from pathlib import Path
from failover.linux.process import realtime

def kibibytes(name):
    (line,) = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(name)]
    return int(line.split()[1])

def refused(ask, *given):
    try:
        ask(*given)
    except OSError as error:
        return error.errno

def say(*values):
    print(json.dumps(values))
"""


def run(script: str, prefix: Sequence[str] = ()) -> Any:
    """What a script in a new process says."""
    done = subprocess.run(
        [*prefix, sys.executable, "-c", PRELUDE + script],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    return json.loads(done.stdout)


def without(capability: str) -> list[str]:
    return ["setpriv", "--bounding-set", f"-{capability}", "--inh-caps", f"-{capability}"]


@pytest.mark.root
def test_the_process_is_scheduled_round_robin_and_a_child_is_not() -> None:
    script = """
realtime.schedule(7)
mine = realtime.scheduling()
reader, writer = os.pipe()
if os.fork() == 0:
    os.write(writer, json.dumps(realtime.scheduling()).encode())
    os._exit(0)
child = json.loads(os.read(reader, 100))
realtime.schedule_ordinarily()
say(mine, child, realtime.scheduling())
"""
    assert run(script) == [["SCHED_RR", 7], ["SCHED_OTHER", 0], ["SCHED_OTHER", 0]]


@pytest.mark.root
def test_without_cap_sys_nice_it_is_refused() -> None:
    prefix = ["prlimit", "--rtprio=0", *without("sys_nice")]
    assert run("say(refused(realtime.schedule, 7), realtime.scheduling())", prefix) == [
        errno.EPERM,
        ["SCHED_OTHER", 0],
    ]


@pytest.mark.root
def test_a_process_that_never_sleeps_is_told_and_can_go_on_as_an_ordinary_one() -> None:
    script = """
told = []
def give_up(*_):
    realtime.schedule_ordinarily()
    told.append(1)
signal.signal(signal.SIGXCPU, give_up)
realtime.limit_running(100_000)
realtime.schedule(1)
while not told:
    pass
say(realtime.scheduling())
"""
    assert run(script) == [["SCHED_OTHER", 0]]


def test_the_limit_on_running_stays_under_the_hard_one_and_goes_back_to_what_it_was() -> None:
    script = """
before = realtime.running_limit()
resource.setrlimit(resource.RLIMIT_RTTIME, (3_000_000, 3_000_000))
realtime.limit_running(5_000_000)
high = realtime.running_limit()
realtime.limit_running(1_000_000)
say(before, high, realtime.running_limit())
"""
    before, *after = run(script)
    assert after == [3_000_000, 1_000_000]
    assert before == realtime.running_limit()


@pytest.mark.root
def test_what_is_mapped_is_locked_and_what_comes_later_from_its_first_use() -> None:
    script = """
import mmap
before = kibibytes("VmLck")
realtime.lock_memory()
locked = kibibytes("VmLck")
room = mmap.mmap(-1, 64 << 20)
resident = kibibytes("VmRSS")
room[0] = 1
say(before, locked, kibibytes("VmLck") - locked, resident)
"""
    before, locked, more, resident = run(script)
    assert before == 0
    assert locked > 4 << 10
    assert more >= 64 << 10, "a mapping made later is not locked"
    assert resident < 64 << 10, "memory that was not used is resident"


@pytest.mark.root
@pytest.mark.parametrize("kernel", ["", "realtime._read_in = lambda *_: False"], ids=["this kernel", "before 5.14"])
def test_all_of_the_program_is_read_in_and_of_other_memory_what_is_used(kernel: str) -> None:
    script = f"""
import mmap
room = mmap.mmap(-1, 64 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
{kernel}
realtime.lock_memory()
sizes = {{}}
for line in Path("/proc/self/smaps").read_text().splitlines():
    words = line.split()
    if words[0] in ("Size:", "Rss:"):
        sizes.setdefault((is_file, mode[0]), {{}}).setdefault(words[0], []).append(int(words[1]))
    elif not words[0].endswith(":"):
        mode, is_file = words[1], words[4] != "0"
read = sizes[True, "r"]
say(sum(read["Size:"]) - sum(read["Rss:"]), kibibytes("VmLck"), kibibytes("VmRSS"))
"""
    missing, locked, resident = run(script)
    assert missing == 0
    assert locked >= 64 << 10
    assert (resident >= 64 << 10) is bool(kernel)


@pytest.mark.root
def test_memory_is_not_locked_where_a_limit_could_make_an_allocation_fail() -> None:
    prefix = ["prlimit", "--memlock=65536", *without("ipc_lock")]
    assert run('say(refused(realtime.lock_memory), kibibytes("VmLck"))', prefix) == [errno.EPERM, 0]


@pytest.mark.root
def test_a_kernel_that_refuses_after_all_is_an_error() -> None:
    script = """
resource.getrlimit = lambda _: (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
say(refused(realtime.lock_memory))
"""
    assert run(script, ["prlimit", "--memlock=65536", *without("ipc_lock")]) == [errno.ENOMEM]


def test_timer_slack_is_what_was_set() -> None:
    assert run("realtime.set_timer_slack(1); say(realtime.timer_slack())") == [1]


@pytest.mark.skipif(realtime.time_slice() == 0, reason="the kernel does not tell time slices (Linux 6.12)")
def test_the_time_slice_is_what_was_set_and_a_child_has_the_usual_one() -> None:
    script = """
usual = realtime.time_slice()
realtime.set_time_slice(200_000)
reader, writer = os.pipe()
if os.fork() == 0:
    os.write(writer, str(realtime.time_slice()).encode())
    os._exit(0)
say(usual, realtime.time_slice(), int(os.read(reader, 100)), realtime.scheduling())
"""
    usual, own, child, scheduling = run(script)
    assert (own, child, scheduling) == (200_000, usual, ["SCHED_OTHER", 0])
    assert usual != own


def test_a_process_of_another_class_keeps_it_and_on_an_unknown_machine_there_is_an_error() -> None:
    script = """
os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
realtime.set_time_slice(200_000)
batch = realtime.scheduling()[0]
os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
os.uname = lambda: os.uname_result(("Linux", "lab", "6.18", "1", "vax"))
say(batch, refused(realtime.set_time_slice, 200_000), realtime.time_slice())
"""
    assert run(script) == ["SCHED_BATCH", errno.ENOSYS, 0]


def test_a_process_runs_on_the_cpus_that_it_was_given() -> None:
    cpu = min(os.sched_getaffinity(0))
    assert run(f"realtime.set_affinity([{cpu}]); say(sorted(realtime.affinity()))") == [[cpu]]


def test_a_cpu_that_is_not_there_is_refused() -> None:
    absent = 8191
    assert absent not in realtime.affinity()
    assert run(f"say(refused(realtime.set_affinity, [{absent}]))") == [errno.EINVAL]
