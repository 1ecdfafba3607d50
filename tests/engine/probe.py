# ruff: noqa: BLE001, PLW0108, PTH101, PTH102, PTH108, PTH120, PTH123, PTH211, S103, S108, S606 - it does what none should
"""What the agent's process can still do, tried by itself: a stranger in the place of the library that reads HTTP.

Copied to where `h11` is looked for first. It tries everything when it is imported, says on standard error what came
of it, and makes way for the real one. Uses nothing of the project.
"""

import ctypes
import errno
import fcntl
import importlib
import json
import mmap
import os
import resource
import signal
import socket
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

ENGINE = os.getppid()
MARK = "PROBE "
LIBC = ctypes.CDLL(None, use_errno=True)
PTRACE_SEIZE = 0x4206
CLONE_NEWUSER = 0x10000000
TIOCSTI = 0x5412
F_SETOWN = 8


def call(name: str, *arguments: Any) -> None:
    if getattr(LIBC, name)(*arguments) < 0:
        raise OSError(ctypes.get_errno(), name)


def spawn() -> None:
    os.execv("/bin/true", ["true"])


def fork() -> None:
    if os.fork() == 0:
        os._exit(0)


def peek() -> None:
    buffer = ctypes.create_string_buffer(8)
    ours = (ctypes.c_void_p * 2)(ctypes.addressof(buffer), 8)
    call("process_vm_writev", ENGINE, ours, 1, ours, 1, 0)


def own_somebody() -> None:
    with socket.socket(socket.AF_UNIX) as one:
        fcntl.fcntl(one, F_SETOWN, ENGINE)


def claim() -> None:
    with open("/proc/thread-self/ns/net") as namespace:
        fcntl.lockf(namespace, fcntl.LOCK_SH | fcntl.LOCK_NB, 1, 51)


def write(path: str) -> None:
    with open(path, "a"):
        pass


def knock() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as one:
        one.connect(os.environ["PROBE_SOCKET"])


def connect() -> None:
    with socket.socket(socket.AF_INET) as one:
        one.connect(("127.0.0.1", 9))


RUNTIME = os.environ.get("PROBE_RUNTIME", "/")
CONFIG = os.environ.get("PROBE_CONFIG", "/")
TRIES: dict[str, Callable[[], object]] = {
    "write /etc": lambda: write("/etc/failover-probe"),
    "write /tmp": lambda: write("/tmp/failover-probe"),
    "write the configuration": lambda: write(CONFIG),
    "read the configuration": lambda: open(CONFIG).close(),
    "read /etc/shadow": lambda: open("/etc/shadow").close(),
    "write the daemon's lock": lambda: write(f"{RUNTIME}/failover.pid"),
    "remove the control socket": lambda: os.unlink(f"{RUNTIME}/control.sock"),
    "make a directory": lambda: os.mkdir(f"{RUNTIME}/probe"),
    "make a link": lambda: os.symlink("/etc/passwd", f"{RUNTIME}/probe"),
    "chmod": lambda: os.chmod(RUNTIME, 0o777),
    "truncate": lambda: os.truncate(CONFIG, 0),
    "kill the engine": lambda: os.kill(ENGINE, 0),
    "continue the engine": lambda: os.kill(ENGINE, signal.SIGCONT),
    "signal everybody": lambda: os.kill(-1, 0),
    "hold the engine": lambda: os.pidfd_open(ENGINE),
    "own a socket for the engine": own_somebody,
    "limit the engine": lambda: resource.prlimit(ENGINE, resource.RLIMIT_NOFILE, (5, 5)),
    "see the engine's limits": lambda: resource.prlimit(ENGINE, resource.RLIMIT_NOFILE),
    "see the engine": lambda: open(f"/proc/{ENGINE}/status").close(),
    "trace the engine": lambda: call("ptrace", PTRACE_SEIZE, ENGINE, 0, 0),
    "write the engine's memory": peek,
    "open the engine's memory": lambda: open(f"/proc/{ENGINE}/mem").close(),
    "schedule the engine": lambda: os.sched_setscheduler(ENGINE, os.SCHED_BATCH, os.sched_param(0)),
    "move the engine": lambda: os.sched_setaffinity(ENGINE, [0]),
    "renice the engine": lambda: os.setpriority(os.PRIO_PROCESS, ENGINE, 19),
    "real time": lambda: os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(50)),
    "lock memory": lambda: call("mlockall", 1),
    "execute": spawn,
    "fork": fork,
    "packet socket": lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0x300).close(),
    "raw socket": lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 112).close(),
    "netlink": lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0).close(),
    "TCP": connect,
    "UDP": lambda: socket.socket(socket.AF_INET6, socket.SOCK_DGRAM).close(),
    "new namespace": lambda: call("unshare", CLONE_NEWUSER),
    "be root": lambda: os.setuid(0) if os.getuid() else call("setuid", 0),
    "claim a virtual router": claim,
    "type on a terminal": lambda: fcntl.ioctl(2, TIOCSTI, b"x"),
    "shared memory": lambda: call("memfd_create", b"x", 0),
    "mount": lambda: call("mount", b"none", b"/tmp", b"tmpfs", 0, 0),
}
WORKS: dict[str, Callable[[], object]] = {
    "a thread": lambda: __import__("threading").Thread(target=int).start(),
    "memory": lambda: mmap.mmap(-1, 1 << 20).close(),
    "a socket pair": lambda: socket.socketpair()[0].close(),
    "a local socket": lambda: socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).close(),
    "somebody's socket": knock,
    "own limits": lambda: resource.getrlimit(resource.RLIMIT_NOFILE),
    "Python's modules": lambda: importlib.import_module("xml.dom.minidom"),
    "standard error": lambda: os.isatty(2),
    "random numbers": lambda: os.urandom(8),
}


def outcome(attempt: Callable[[], object]) -> str:
    try:
        attempt()
    except OSError as error:
        return errno.errorcode.get(error.errno or 0, str(error))
    except Exception as error:
        return repr(error)
    return "done"


def run() -> None:
    found = {
        "pid": os.getpid(),
        "ids": [os.getresuid(), os.getresgid(), os.getgroups()],
        "descriptors": [number for number in range(3, 100) if outcome(partial(os.fstat, number)) == "done"],
        "tries": {name: outcome(attempt) for name, attempt in TRIES.items()},
        "works": {name: outcome(attempt) for name, attempt in WORKS.items()},
        "path": sys.path,
        "isolated": sys.flags.isolated,
        "server": "h11._connection" in sys.modules,
    }
    sys.stderr.write(f"{MARK}{json.dumps(found)}\n")
    sys.stderr.flush()


if __name__ == "h11":
    run()
    here = os.path.dirname(os.path.dirname(__file__))
    sys.path.remove(here)
    del sys.modules["h11"]
    importlib.invalidate_caches()
    sys.modules["h11"] = importlib.import_module("h11")
