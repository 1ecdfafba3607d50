"""A Debian machine, really booted by systemd, in a container on a host of the lab.

Needs root, systemd-nspawn and mmdebstrap. The root directory is made once (`build/roots`) and never written: each
machine has its own layer over it.
"""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import IO, Final, Self

from failover.lab.network.lan import Host
from failover.lab.network.namespaces import DIRECTORY
from failover.lab.network.waiting import wait_until

ROOT: Final = Path(__file__).parents[2]
ROOTS: Final = ROOT / "build" / "roots"
BARE: Final = "systemd,systemd-sysv,dbus,iproute2,iputils-ping,procps,udev"
PACKAGES: Final = f"{BARE},python3"
CGROUPS: Final = (Path("/sys/fs/cgroup/systemd"), Path("/sys/fs/cgroup/unified"), Path("/sys/fs/cgroup"))
ENVIRONMENT: Final = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "SYSTEMD_COLORS": "0"}
BOOT_SECONDS: Final = 60


def root_of(suite: str, packages: str = PACKAGES) -> Path:
    """The root directory of a Debian release; kept for the next time."""
    return _made(suite if packages == PACKAGES else f"{suite}-small", suite, packages)


def bare_root_of(suite: str, later: str) -> Path:
    """One that has no more than the installer puts on each machine: no Python.

    There is no way out of the lab, so `later`, a package that is installed on the machine, lies in apt's cache.
    """
    fetch = f'chroot "$1" apt-get install --quiet=2 --yes --download-only {later} >&2'
    kept = ["--skip=cleanup/apt/lists,cleanup/apt/cache", f"--customize-hook={fetch}"]
    return _made(f"{suite}-bare-{later}", suite, BARE, *kept)


def _made(name: str, suite: str, packages: str, *options: str) -> Path:
    made = ROOTS / name
    if not made.exists():
        ROOTS.mkdir(parents=True, exist_ok=True)
        unfinished = made.with_suffix(".new")
        shutil.rmtree(unfinished, ignore_errors=True)
        command = ["mmdebstrap", "--quiet", "--variant=minbase", f"--include={packages}", *options]
        subprocess.run([*command, suite, str(unfinished)], check=True)
        unfinished.rename(made)
    return made


class Machine:
    """A context manager."""

    def __init__(self, host: Host, suite: str = "bookworm", root: Path | None = None) -> None:
        """Not booted yet. Its root directory is that of the release unless `root` says which."""
        self._host = host
        self._root = root or root_of(suite)
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        try:
            self._stack.callback(self._remove_cgroups)
            self._mount()
            self._boot()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def _mount(self) -> None:
        work = Path(tempfile.mkdtemp(prefix="machine-"))
        self._stack.callback(shutil.rmtree, work, ignore_errors=True)
        subprocess.run(["mount", "-t", "tmpfs", "layers", str(work)], check=True)
        self._stack.callback(subprocess.run, ["umount", "--lazy", str(work)], check=False)
        for name in ("upper", "work", "root"):
            (work / name).mkdir()
        self.directory = work / "root"
        """The machine's root directory, from outside."""
        layers = f"lowerdir={self._root},upperdir={work / 'upper'},workdir={work / 'work'}"
        subprocess.run(["mount", "-t", "overlay", "machine", "-o", layers, str(self.directory)], check=True)
        self._stack.callback(subprocess.run, ["umount", "--lazy", str(self.directory)], check=False)
        self._notifications = work / "notify"

    def _boot(self) -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
            self._notifications.unlink(missing_ok=True)
            told.bind(str(self._notifications))
            told.settimeout(BOOT_SECONDS)
            command = [
                *("sh", "-c", 'for procs in $OWN; do echo $$ > "$procs"; done; exec "$@"', "sh"),
                "systemd-nspawn",
                "--boot",
                "--quiet",
                f"--directory={self.directory}",
                "--register=no",
                "--keep-unit",
                "--notify-ready=yes",
                "--console=pipe",
                f"--machine={self._host.label}",
                f"--network-namespace-path={DIRECTORY / self._host.name}",
                "--capability=CAP_NET_ADMIN,CAP_NET_RAW",
                # A container's own filter knows no Landlock; a host has none.
                "--system-call-filter=landlock_create_ruleset landlock_add_rule landlock_restrict_self",
            ]
            self.process = subprocess.Popen(
                command,
                env={**os.environ, "NOTIFY_SOCKET": str(self._notifications), "OWN": " ".join(self._own_cgroups())},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            self._stack.callback(self._end)
            said = ""
            while "READY=1" not in said.split("\n"):
                said += "\n" + told.recv(4096).decode()
        (leader,) = [line for line in said.split("\n") if line.startswith("X_NSPAWN_LEADER_PID=")][-1:]
        self.leader = int(leader.partition("=")[2])

    def _own_cgroups(self) -> Iterator[str]:
        """Where a process joins the machine's own control groups: systemd wants to be alone in its."""
        for base in CGROUPS:
            if (base / "cgroup.procs").exists():
                own = base / f"machine-{self._host.name}"
                own.mkdir(exist_ok=True)
                yield str(own / "cgroup.procs")

    def _remove_cgroups(self) -> None:
        for base in CGROUPS:
            for directory, _, _ in os.walk(base / f"machine-{self._host.name}", topdown=False):
                wait_until(partial(_is_removed, directory), f"nothing runs in {directory}")

    def _end(self) -> None:
        if self.process.poll() is None:
            # The machine dies with its first process; nspawn itself would leave it running.
            leader = getattr(self, "leader", None)
            os.kill(leader or self.process.pid, signal.SIGKILL)
            self.process.wait(20)

    def power_off(self) -> None:
        """In good order: systemd stops what it has started."""
        self.run("systemctl", "poweroff")
        self.process.wait(60)

    def lose_power(self) -> None:
        """From one moment to the next. The lab keeps its network, so what is on it goes first."""
        self._host.ip("link set dev eth0 down", "addr flush dev eth0")
        os.kill(self.leader, signal.SIGKILL)
        self.process.wait(20)

    def boot(self) -> None:
        """After `lose_power`: what was written is there."""
        self._host.configure()
        self._boot()

    def run(self, *command: str, check: bool = True, seconds: float = 120) -> str:
        """What a command says inside, both streams. It may take so many seconds."""
        done = subprocess.run(
            self._inside(*command), check=False, capture_output=True, text=True, env=ENVIRONMENT, timeout=seconds
        )
        said = done.stdout + done.stderr
        assert done.returncode == 0 or not check, f"{command}: {done.returncode}\n{said}"
        return said

    def on_terminal(self, command: str, output: IO[bytes]) -> subprocess.Popen[bytes]:
        """Run a command of the shell on a terminal of its own: what is written to its input is typed there."""
        on_a_terminal = ("script", "--quiet", "--flush", "--return", "--command", f"exec {command}", "/dev/null")
        process = subprocess.Popen(
            self._inside(*on_a_terminal),
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            env=ENVIRONMENT,
            bufsize=0,
        )
        self._stack.enter_context(process)
        self._stack.callback(process.kill)
        return process

    def _inside(self, *command: str) -> list[str]:
        return ["nsenter", "-t", str(self.leader), "-m", "-u", "-i", "-n", "-p", "-C", "--", *command]

    def install(self, package: Path) -> str:
        """Install a package's file."""
        shutil.copy(package, self.directory / "root")
        return self.run("dpkg", "--install", f"/root/{package.name}")

    def wait_for_status(self, text: str) -> None:
        """Wait until `systemctl status failover` says so."""
        wait_until(lambda: text in self.run("systemctl", "status", "failover", check=False), f"{text} in the status")

    def addresses(self) -> str:
        """What is on eth0."""
        return self.run("ip", "-o", "address", "show", "dev", "eth0")


def _is_removed(directory: str) -> bool:
    """Remove a control group, once its last process is gone."""
    try:
        Path(directory).rmdir()
    except OSError:
        return False
    return True
