"""Whether this process may do what the engine needs, as the kernel says it."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from failover.linux.process.capabilities import _effective_in, _missing_in, has
from tests.engine.daemons import ENVIRONMENT


def said(script: str, prefix: Sequence[str] = ()) -> str:
    """What a script in a new process says."""
    command = [*prefix, sys.executable, "-c", script]
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=True, timeout=30)
    return done.stdout.strip()


@pytest.mark.parametrize(
    ("effective", "missing"),
    [
        ("0000000000003000", ()),
        ("000001ffffffffff", ()),
        ("0000000000001000", ("CAP_NET_RAW",)),
        ("0000000000002000", ("CAP_NET_ADMIN",)),
        ("0000000000000000", ("CAP_NET_ADMIN", "CAP_NET_RAW")),
    ],
)
def test_the_effective_set_counts_and_no_other(effective: str, missing: tuple[str, ...]) -> None:
    status = f"Name:\tx\nCapInh:\t0000000000000000\nCapPrm:\tffffffffffffffff\nCapEff:\t{effective}\nCapBnd:\tffff\n"
    assert _missing_in(status) == missing


def test_where_the_kernel_does_not_say_everything_is_missing() -> None:
    assert _missing_in("Name:\tx\n") == ("CAP_NET_ADMIN", "CAP_NET_RAW")


def test_one_capability_is_in_effect_or_not() -> None:
    effective = _effective_in(Path("/proc/self/status").read_text())
    assert [bit for bit in range(64) if has(bit)] == [bit for bit in range(64) if effective >> bit & 1]


@pytest.mark.root
def test_a_process_without_one_of_them_is_told_which() -> None:
    script = "from failover.linux.process.capabilities import missing; print(missing())"
    without = ["setpriv", "--bounding-set", "-net_raw", "--inh-caps", "-net_raw"]
    assert said(script, without) == "('CAP_NET_RAW',)"


@pytest.mark.root
def test_what_is_permitted_is_put_into_effect() -> None:
    """As in a container image: the interpreter's file has capabilities, and they are not in effect by themselves."""
    script = """
import ctypes
from failover.linux.process import capabilities as c
libc, header, sets = ctypes.CDLL(None), c._Header(c._VERSION_3, 0), (c._Sets * 2)()
libc.capget(ctypes.byref(header), sets)
for one in sets:
    one.effective = 0
libc.capset(ctypes.byref(header), sets)
before = c.missing()
c.take_permitted()
print(before, c.missing())
"""
    assert said(script) == "('CAP_NET_ADMIN', 'CAP_NET_RAW') ()"


@pytest.mark.root
def test_a_program_that_is_started_inherits_none() -> None:
    """As the unit has it: ambient capabilities, and none for being root, who may read this checkout wherever it is."""
    script = """
import subprocess, sys
from failover.linux.process import capabilities as c
show = [sys.executable, "-S", "-c", "print([line for line in open('/proc/self/status') if line.startswith('CapEff')])"]
before = subprocess.run(show, capture_output=True, text=True).stdout
c.bequeath_none()
print(c.missing(), before == subprocess.run(show, capture_output=True, text=True).stdout, end=" ")
print("0000000000000000" in subprocess.run(show, capture_output=True, text=True).stdout)
"""
    ambient = "+net_raw,+net_admin"
    prefix = ["setpriv", "--securebits=+noroot", "--inh-caps", ambient, "--ambient-caps", ambient]
    assert said(script, prefix) == "() False True"
