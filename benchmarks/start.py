"""From exec to READY=1 and to an address owner's first advertisement, beside a bare interpreter and keepalived.

Run it under the interpreter that is to be measured, Debian's: the virtual environment's is that one.

    python -m benchmarks.start [--rounds N]
"""

import argparse
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

from failover.lab.lan import Host, Lan
from failover.lab.router import Daemon, Router, RouterSpec
from failover.lab.waiting import wait_until
from tests.lab.keepalived import Keepalived

OWNER = RouterSpec(addresses=("192.0.2.100/24",), priority=255)


def interpreter() -> float:
    """Seconds for a Python that does nothing."""
    began = time.monotonic()
    subprocess.run([sys.executable, "-c", "pass"], check=True)
    return time.monotonic() - began


def ready(host: Host) -> tuple[float, float]:
    """Seconds to READY=1, and the engine's memory then (PSS, MB)."""
    address = host.directory / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(address))
        manager.settimeout(10)
        daemon = _Notifying(host, OWNER)
        began = time.monotonic()
        daemon.start()
        while b"READY=1" not in manager.recv(4096):
            pass
        took = time.monotonic() - began
        (pid,) = (process.pid for process in daemon.processes)
        memory = _pss(pid)
        daemon.stop()
    address.unlink()
    return took, memory


class _Notifying(Daemon):
    """Told where to say READY=1, as a service manager does."""

    def environment(self) -> dict[str, str]:
        return {**super().environment(), "NOTIFY_SOCKET": str(self.host.directory / "notify")}


def first_advert(lan: Lan, host: Host, driver: type[Router]) -> float:
    """Seconds to the first advertisement."""
    with lan.capture() as capture:
        router = driver(host, OWNER)
        began = time.time_ns()
        router.start()
        wait_until(capture.adverts, "an advertisement", 30)
        router.stop()
        return (capture.adverts()[0].at - began) / 1e9


def _pss(pid: int) -> float:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1000


def main() -> None:
    """Print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=21)
    rounds = parser.parse_args().rounds
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed package has its bytecode
    found: dict[str, list[float]] = {}
    with Lan() as lan:
        host = lan.host("one", "192.0.2.1/24")
        for _ in range(rounds):
            took, memory = ready(host)
            found.setdefault("interpreter alone, ms", []).append(1000 * interpreter())
            found.setdefault("exec to READY=1, ms", []).append(1000 * took)
            found.setdefault("engine memory, PSS, MB", []).append(memory)
            for driver in (Daemon, Keepalived):
                what = f"{driver.program}: exec to an owner's first advert, ms"
                found.setdefault(what, []).append(1000 * first_advert(lan, host, driver))
    print("| what | median | min | max |\n|---|---|---|---|")
    for what, values in found.items():
        print(f"| {what} | {median(values):.1f} | {min(values):.1f} | {max(values):.1f} |")


if __name__ == "__main__":
    main()
