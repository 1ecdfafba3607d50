"""Network namespaces: made, entered, and removed with everything that runs in them. Needs root and `ip` (iproute2).

Nothing here knows of LANs or routers. A namespace is called `fo-PID-N-LABEL`, with the PID of the process that made it,
so that several labs can run side by side.
"""

import ctypes
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import IO, Final, Self

DIRECTORY: Final = Path("/run/netns")
"""Where `ip netns` has a file for each named namespace (ip-netns(8))."""

_CLONE_NEWNET: Final = 0x40000000
_LIBC: Final = ctypes.CDLL(None, use_errno=True)
_KILL_DEADLINE_SECONDS: Final = 5.0
_numbers = count(1)

_QUIET: Final = {
    "ipv4/conf/{}/rp_filter": "0",
    "ipv6/conf/{}/accept_dad": "0",
    "ipv6/conf/{}/dad_transmits": "0",
    "ipv6/conf/{}/router_solicitations": "0",
}
"""Settings below /proc/sys/net that keep the kernel from sending packets, or waiting, by itself."""


class CommandError(OSError):
    """A command of the lab failed. The text has the command, its exit status and its output."""


def run(
    command: Sequence[str], *, stdin: str = "", timeout: float = 30, check: bool = True
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end and return its output.

    Raises `CommandError` where it fails and `check` is set, `subprocess.TimeoutExpired` after `timeout` seconds. The
    command has a session of its own, so that Ctrl-C on the terminal reaches only the lab, which then cleans up.
    """
    done = subprocess.run(
        command,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
        start_new_session=True,
    )
    if check and done.returncode:
        said = (done.stderr or done.stdout).strip()
        raise CommandError(f"{' '.join(command)}: exit status {done.returncode}: {said}")
    return done


class Namespace:
    """One network namespace, with the loopback up. Use it as a context manager, or with `open()` and `close()`."""

    def __init__(self, label: str) -> None:
        """`label` ends the name and says what the namespace is for."""
        self.name = f"fo-{os.getpid()}-{next(_numbers)}-{label}"
        self._processes: list[subprocess.Popen[bytes]] = []

    def __repr__(self) -> str:
        return f"Namespace({self.name})"

    @property
    def path(self) -> Path:
        """The file whose descriptor `setns` takes."""
        return DIRECTORY / self.name

    def open(self) -> Self:
        """Make the namespace. If this is interrupted, `close()` removes what there is."""
        run(["ip", "netns", "add", self.name])
        for template, value in _QUIET.items():
            if template.startswith("ipv4") or Path("/proc/sys/net/ipv6").exists():
                for scope in ("all", "default"):
                    self.sysctl(template.format(scope), value)
        self.ip("link set lo up")
        return self

    def close(self) -> None:
        """Kill what runs inside, and remove the namespace. A second call does nothing."""
        self.kill()
        if self.path.exists():
            run(["ip", "netns", "del", self.name])

    def kill(self) -> None:
        """Kill everything that runs inside with SIGKILL, and wait until it is gone.

        All processes are stopped (SIGSTOP) first, so that none notices the death of another and shuts down in order.
        """
        deadline = time.monotonic() + _KILL_DEADLINE_SECONDS
        while (pids := self.pids()) and time.monotonic() < deadline:
            for number in (signal.SIGSTOP, signal.SIGKILL):
                for pid in pids:
                    _signal(pid, number)
            time.sleep(0.002)
        for process in self._processes:
            process.kill()
            process.wait()
        self._processes.clear()

    def __enter__(self) -> Self:
        try:
            return self.open()
        except BaseException:
            self.close()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def enter(self) -> Iterator[None]:
        """Move this thread into the namespace, and back at the end (setns(2)).

        A socket that is opened meanwhile stays in the namespace for good, and so does a process that is started.
        """
        home = os.open(f"/proc/self/task/{threading.get_native_id()}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        try:
            inside = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
            try:
                _setns(inside)
            finally:
                os.close(inside)
            try:
                yield
            finally:
                _setns(home)
        finally:
            os.close(home)

    def run(
        self, command: Sequence[str], *, stdin: str = "", timeout: float = 30, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run a command inside to its end; parameters and errors are those of the function `run`."""
        with self.enter():
            return run(command, stdin=stdin, timeout=timeout, check=check)

    def popen(
        self,
        command: Sequence[str],
        *,
        output: int | IO[bytes] = subprocess.DEVNULL,
        env: Mapping[str, str] | None = None,
    ) -> subprocess.Popen[bytes]:
        """Start a command inside. Its standard output and error go to `output`. `close()` kills it at the latest."""
        with self.enter():
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=env,
                start_new_session=True,
            )
        self._processes.append(process)
        return process

    def ip(self, *lines: str) -> None:
        """Run these lines of the `ip` command inside, as one batch; `CommandError` where one fails."""
        run(["ip", "-n", self.name, "-batch", "-"], stdin="\n".join(lines) + "\n")

    def sysctl(self, name: str, value: str) -> None:
        """Write a kernel setting of the namespace; `name` is its path below /proc/sys/net."""
        with self.enter():
            Path("/proc/sys/net", name).write_text(value)

    def pids(self) -> frozenset[int]:
        """The processes whose main thread is inside, without this one."""
        try:
            here = self.path.stat()
        except FileNotFoundError:
            return frozenset()
        return frozenset(
            int(entry.name)
            for entry in Path("/proc").iterdir()
            if entry.name.isdecimal() and int(entry.name) != os.getpid() and _is_inside(entry, here)
        )


def _is_inside(process: Path, here: os.stat_result) -> bool:
    try:
        there = (process / "ns/net").stat()
    except OSError:  # it has ended, is a zombie, or belongs to a user whose processes we may not inspect
        return False
    return (there.st_dev, there.st_ino) == (here.st_dev, here.st_ino)


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return  # it has ended by itself


def _setns(descriptor: int) -> None:
    if _LIBC.setns(descriptor, _CLONE_NEWNET):
        error = ctypes.get_errno()
        raise OSError(error, f"setns: {os.strerror(error)}")
