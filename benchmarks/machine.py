"""What the kernel says of the machine and its processes: CPU time to the nanosecond, memory, the rest's share."""

import os
import platform
import subprocess
import time
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from failover.lab.network.namespaces import DIRECTORY
from failover.version import __version__

_TICKS: Final = os.sysconf("SC_CLK_TCK")
_CPUS: Final = os.cpu_count() or 1
_PATIENCE_SECONDS: Final = 20.0
_LOOK_SECONDS: Final = 0.5
_OF_NOBODY: Final = "ksoftirqd"
"""The kernel's thread that takes over when packets are many: it works for whoever is measured."""


def cpu_seconds(*pids: int) -> float:
    """The CPU time that processes have used, all their threads."""
    return sum(map(_cpu_nanoseconds, pids)) / 1e9


def memory_megabytes(pid: int, what: str = "Pss") -> float:
    """Proportional (Pss) or resident (Rss) memory, in millions of bytes."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        name, _, rest = line.partition(":")
        if name == what:
            return int(rest.split()[0]) * 1024 / 1e6
    raise LookupError(what)


class Rest:
    """Measures, while a context, how many CPUs were used by others than the lab and ourselves.

    That is what the other processes and the children that they have waited for have used, and what the hypervisor
    took away. Ours are those inside the lab's namespaces and our children; one of a daemon's that ends unattended
    would count with the others, so none should meanwhile.
    """

    cpus: float = 0.0

    def __enter__(self) -> Self:
        self._began, self._used = time.monotonic(), _used_by_others()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        used = _used_by_others() - self._used
        self.cpus = max(0.0, used) / (time.monotonic() - self._began)


def wait_for_calm(limit: float) -> None:
    """Wait until others use less than `limit` CPUs, but not for ever: a round may as well turn out noisy."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        with Rest() as rest:
            time.sleep(_LOOK_SECONDS)
        if rest.cpus <= limit:
            return


def taken() -> str:
    """Today, and what is measured."""
    commit = _version(["git", "describe", "--always", "--dirty"])
    return f"{datetime.now(UTC):%Y-%m-%d %H:%M UTC}, failover {__version__}, commit {commit}"


def environment() -> dict[str, str]:
    """What a reader must know of where the numbers come from: the machine, and what ours is compared with."""
    return {
        "kernel": platform.release(),
        "CPUs": f"{_CPUS} x {_cpu_model()}",
        "Python": platform.python_version(),
        "keepalived": _version(["keepalived", "--version"]),
        "FRR": _version(["/usr/lib/frr/vrrpd", "--version"]),
    }


def _cpu_nanoseconds(pid: int) -> int:
    """0 of a process that has ended."""
    total = 0
    with suppress(FileNotFoundError, ProcessLookupError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            with suppress(FileNotFoundError, ProcessLookupError):  # the thread has ended
                total += int((task / "schedstat").read_text().split()[0])
    return total


def _used_by_others() -> float:
    """CPU seconds since the machine was started."""
    stolen = int(Path("/proc/stat").read_text().split("\n", 1)[0].split()[8])
    namespaces = set(_inodes(DIRECTORY.glob(f"fo-{os.getpid()}-*")))
    return (stolen + sum(ticks_of_other(process, namespaces) for process in _processes())) / _TICKS


def _processes() -> Iterator[Path]:
    return (entry for entry in Path("/proc").iterdir() if entry.name.isdecimal())


def ticks_of_other(process: Path, namespaces: Collection[int]) -> int:
    """What a process and its children have used, 0 where it is ours: our own child, or inside the lab."""
    try:
        name, _, rest = (process / "stat").read_text().partition("(")[2].rpartition(")")
    except OSError:  # it has ended
        return 0
    fields = rest.split()
    is_ours = os.getpid() in {int(fields[1]), int(process.name)} or name.startswith(_OF_NOBODY)
    return 0 if is_ours or _namespace(process) in namespaces else sum(map(int, fields[11:15]))


def _namespace(process: Path) -> int | None:
    try:
        return (process / "ns/net").stat().st_ino
    except OSError:  # a zombie, whose time its parent has not been told of yet
        return None


def _inodes(paths: Iterable[Path]) -> Iterator[int]:
    return (path.stat().st_ino for path in paths)


def _cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _version(command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parent)
    except FileNotFoundError:
        return "unknown"
    said = (done.stdout or done.stderr).splitlines()
    return said[0].strip() if said and not done.returncode else "unknown"
