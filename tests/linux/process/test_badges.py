"""Whose locks are claims: of who wears a badge, and so may send advertisements, whatever else a process may do."""

import os
import platform
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from ipaddress import ip_address
from pathlib import Path

import pytest

from failover.lab.network.namespaces import Namespace
from failover.linux.process.badges import _OUTERMOST, Badges, wear
from failover.linux.process.claims import NAMESPACE, Claim, Claimable, Claims, VirtualAddressId
from tests.linux.process.test_claims import holding, router

pytestmark = pytest.mark.root

LOCK = """
import fcntl, os, signal, struct, sys
f = os.open(sys.argv[1], os.O_RDONLY)
os.set_inheritable(f, True)
fcntl.fcntl(f, fcntl.F_SETLK, struct.pack("@hhqqi4x", fcntl.F_RDLCK, 0, 0, 0, 0))
print("locked", flush=True)
"""
"""Locks a whole file as any program may."""
WAIT = "signal.pause()"
BECOME = "os.execv(sys.argv[2], sys.argv[2:])"
"""The lock stays, whatever the other program may do."""
DIE = """
import ctypes
CLONE_FILES, CLONE = 0x400, int(sys.argv[2])
if ctypes.CDLL(None).syscall(CLONE, CLONE_FILES | signal.SIGCHLD, 0, 0, 0, 0) == 0:
    sys.stdin.read()
os._exit(0)
"""
"""Another process has the same table of descriptors, so the lock stays without the one that took it."""
CLONE = "220" if platform.machine() == "aarch64" else "56"
NOBODY = ("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups")
CONTAINER = ("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")


@pytest.fixture(autouse=True)
def inside() -> Iterator[None]:
    """A network namespace of the test's own: nobody else's badges are there."""
    with Namespace("badges") as namespace, namespace.enter():
        yield


@contextmanager
def locked(then: str = WAIT, *arguments: str, before: tuple[str, ...] = NOBODY) -> Iterator[None]:
    """A process without a badge has locked the whole file, and does something `then`."""
    process = subprocess.Popen(
        [*before, "/usr/bin/python3", "-c", LOCK + then, NAMESPACE, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    with process, process.stdin, process.stdout:
        try:
            assert process.stdout.readline() == "locked\n"
            if then == DIE:
                assert process.wait(30) == 0
            yield
            assert then == DIE or process.poll() is None, "the lock was there all the time"
        finally:
            process.kill()


@contextmanager
def locked_by(who: str) -> Iterator[None]:
    with ExitStack() as stack:
        match who:
            case "nobody":
                stack.enter_context(locked())
            case "root without a badge":
                stack.enter_context(locked(before=()))
            case "a dead process":
                stack.enter_context(locked(DIE, CLONE))
            case "a setuid program":
                stack.enter_context(locked(BECOME, "/bin/su"))
            case "a user namespace" | "a PID namespace":
                own = ("unshare", "-Ur") if who == "a user namespace" else ("unshare", "-Urpf", "--kill-child")
                if subprocess.run([*NOBODY, *own, "true"], check=False, capture_output=True).returncode:
                    pytest.skip("users may not make user namespaces here")
                stack.enter_context(locked(before=(*NOBODY, *own)))
        yield


WHO = ["nobody", "root without a badge", "a dead process", "a setuid program", "a user namespace", "a PID namespace"]


@pytest.mark.parametrize("who", WHO)
def test_the_lock_of_who_wears_no_badge_is_no_claim(who: str) -> None:
    """Also where it reads as privileged, or its number as nobody's."""
    wanted: list[Claimable] = [router(), VirtualAddressId("eth0", ip_address("192.0.2.1"))]
    with locked_by(who), closing(Claims()) as claims:
        assert [claims.of(one) for one in wanted] == [None, None]
        assert claims.on("eth0") is None
        assert claims.take(wanted) == ()


@pytest.mark.parametrize("who", WHO)
def test_nor_is_it_beside_a_daemon_which_is_seen_behind_it(who: str) -> None:
    if who == "a dead process" and Path("/proc/self/ns/pid").stat().st_ino != _OUTERMOST:
        pytest.skip("in a container a number that nobody has reads as one outside")
    with locked_by(who), holding(NAMESPACE, router(vrid=52)) as daemon, closing(Claims()) as claims:
        assert claims.of(router(vrid=52)) == claims.on("eth0") == Claim(router(vrid=52), daemon.pid)
        assert claims.of(router()) is None
        assert claims.take([router()]) == ()


@pytest.mark.parametrize("who", ["nobody", "a user namespace", "a PID namespace"])
def test_nor_is_it_beside_a_daemon_in_a_container(who: str) -> None:
    with locked_by(who), holding(NAMESPACE, router(vrid=52), before=CONTAINER), closing(Claims()) as claims:
        found = claims.of(router(vrid=52))
        assert found is not None
        assert found.pid > 0, "its number here"
        assert claims.of(router()) is None


def test_a_daemon_in_a_container_is_seen_where_nobody_can_look_at_its_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """As from the systemd unit, which sees no other user's processes (ProtectProc)."""
    monkeypatch.setattr("failover.linux.process.badges._in_container", lambda _: None)
    with holding(NAMESPACE, router(), before=CONTAINER), closing(Claims()) as claims:
        assert claims.of(router()) is not None
    with holding(NAMESPACE, router(vrid=52)), locked(), closing(Claims()) as claims:
        assert claims.of(router()) is None


def test_where_badges_cannot_be_seen_the_lock_of_any_process_counts(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "thread").symlink_to("no such thread")
    monkeypatch.setattr("failover.linux.process.badges._THREAD", str(tmp_path / "thread"))
    with locked(), closing(Claims()) as claims:
        assert claims.of(router()) is not None


@pytest.mark.parametrize("nested", [False, True])
def test_a_badge_tells_its_wearer_s_number_to_others_as_long_as_it_is_worn(
    monkeypatch: pytest.MonkeyPatch, *, nested: bool
) -> None:
    here = Path("/proc/self/ns/pid").stat().st_ino
    monkeypatch.setattr("failover.linux.process.badges._OUTERMOST", here + nested)
    badge = wear()
    assert badge is not None
    with badge:
        seen = Badges(None)
        assert [seen.allow(pid) for pid in (os.getpid(), 0, os.getppid())] == [True, True, False]
        assert seen.allow(1 << 30) is nested, "nobody can look at it: it may be in the container"
        assert not Badges(badge).allow(os.getpid()), "its own is no other's"
    assert not Badges(None).allow(0)
