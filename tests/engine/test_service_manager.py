"""The daemon under systemd, as far as the protocol of sd_notify shows it."""

import itertools
import select
import socket
import time
from collections.abc import Iterator

import pytest

from failover.lab.network.lan import Host, Lan
from tests.engine.daemons import OurDaemon, router, run_to_the_end

pytestmark = pytest.mark.root

WATCHDOG_SECONDS = 0.3
DROP_ALL = "add table ip t; add chain ip t o { type filter hook output priority 0; policy drop; }"
DEAF = (
    "add table inet t; add chain inet t i { type filter hook input priority 0; }; "
    "add rule inet t i meta l4proto 112 drop"
)


class Manager:
    """What systemd would read."""

    def __init__(self, host: Host) -> None:
        self.path = str(host.directory / "notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.heard: list[tuple[float, list[str]]] = []

    def listen(self, for_line: str, seconds: float = 10) -> list[str]:
        """Read until a message has this line; that message."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            if select.select([self.socket], [], [], left)[0]:
                lines = self.socket.recv(4096).decode().split("\n")
                self.heard.append((time.monotonic(), lines))
                if for_line in lines:
                    return lines
        raise AssertionError(f"never heard {for_line}: {self.heard}")

    def listen_for_status(self, seconds: float = 20) -> str:
        """The next status line that comes."""
        self.socket.settimeout(seconds)
        while True:
            lines = self.socket.recv(8192).decode().split("\n")
            for line in lines:
                if line.startswith("STATUS="):
                    return line.removeprefix("STATUS=")


@pytest.fixture
def manager(host: Host) -> Iterator[Manager]:
    made = Manager(host)
    yield made
    made.socket.close()


def test_ready_then_every_change_of_state_then_stopping(lan: Lan, host: Host, manager: Manager) -> None:
    daemon = OurDaemon(host, router(), NOTIFY_SOCKET=manager.path)
    assert manager.listen("READY=1") == ["READY=1", f"MAINPID={daemon.pid}", "STATUS=1 BACKUP"]
    manager.listen("STATUS=1 MASTER")
    host.ip("link set eth0 down")
    manager.listen("STATUS=1 INITIALIZE (VR_51: eth0 is administratively down)")
    host.ip("link set eth0 up")
    manager.listen("STATUS=1 MASTER")
    assert daemon.stop() == 0
    manager.listen("STOPPING=1")
    statuses = [line for _, lines in manager.heard for line in lines if line.startswith("STATUS=")]
    assert all(one != two for one, two in itertools.pairwise(statuses)), "said when it changes"


def test_a_master_whose_advertisements_are_not_sent_is_told_of_until_they_are(
    lan: Lan, host: Host, manager: Manager
) -> None:
    OurDaemon(host, router(), NOTIFY_SOCKET=manager.path)
    manager.listen("STATUS=1 MASTER")
    host.run(["nft", DROP_ALL])
    manager.listen("STATUS=1 INITIALIZE (VR_51: advertisements cannot be sent on eth0: Operation not permitted)")
    host.run(["nft", "delete table ip t"])
    manager.listen("STATUS=1 MASTER")


def test_a_second_master_is_told_of_as_long_as_there_is_one(lan: Lan, host: Host, manager: Manager) -> None:
    OurDaemon(host, router(priority=200), NOTIFY_SOCKET=manager.path)
    manager.listen("STATUS=1 MASTER")
    deaf = lan.host("two", "192.0.2.12/24")
    deaf.run(["nft", DEAF])
    OurDaemon(deaf, router())
    told = (
        "192.0.2.12 advertises with priority 100 although this host is MASTER; it does not hear this host: check its"
        " firewall, and the switch"
    )
    manager.listen(f"STATUS=1 MASTER (VR_51: {told})", 20)
    deaf.run(["nft", "delete table inet t"])
    manager.listen("STATUS=1 MASTER", 30)


@pytest.mark.timeout(120)
def test_another_host_that_has_the_address_is_told_of(lan: Lan, host: Host, manager: Manager) -> None:
    there = lan.host("two", "192.0.2.12/24")
    there.ip("addr add 192.0.2.100/24 dev eth0")
    OurDaemon(host, router(), NOTIFY_SOCKET=manager.path)
    told = (
        f"another host, {there.mac}, answers for 192.0.2.100 on eth0, too; if it is MASTER as well, the two do not"
        " hear each other: check firewalls and switch (IP protocol 112); if its daemon was killed, run failover"
        " teardown there; if it uses another VRID or version, correct that; else remove the address there"
    )
    manager.listen(f"STATUS=1 MASTER (VR_51: {told})", 75)


def test_an_owner_is_master_before_it_is_ready(lan: Lan, host: Host, manager: Manager) -> None:
    OurDaemon(host, router(priority=255), router(52, "192.0.2.101/24"), NOTIFY_SOCKET=manager.path)
    assert manager.listen("READY=1")[2] == "STATUS=1 MASTER, 1 BACKUP"


def test_the_watchdog_is_fed_at_a_third_of_its_time(lan: Lan, host: Host, manager: Manager) -> None:
    usec = str(round(WATCHDOG_SECONDS * 1e6))
    OurDaemon(host, router(), NOTIFY_SOCKET=manager.path, WATCHDOG_USEC=usec)
    for _ in range(8):
        manager.listen("WATCHDOG=1")
    times = [at for at, lines in manager.heard if lines == ["WATCHDOG=1"]]
    mean = (times[-1] - times[0]) / (len(times) - 1)
    print(f"watchdog fed every {mean:.4f} s")
    assert mean == pytest.approx(WATCHDOG_SECONDS / 3, rel=0.2)


def test_a_watchdog_for_another_process_is_not_fed(lan: Lan, host: Host, manager: Manager) -> None:
    daemon = OurDaemon(host, router(), NOTIFY_SOCKET=manager.path, WATCHDOG_USEC="100000", WATCHDOG_PID="1")
    manager.listen("STATUS=1 MASTER")
    assert daemon.stop() == 0
    manager.listen("STOPPING=1")
    assert not [lines for _, lines in manager.heard if "WATCHDOG=1" in lines]


def test_a_start_that_fails_says_why_in_the_status(lan: Lan, host: Host, manager: Manager) -> None:
    (host.directory / "refused").write_text("a file, where the runtime directory should be")
    assert run_to_the_end(host, router(), NOTIFY_SOCKET=manager.path).returncode == 1
    manager.socket.setblocking(False)
    assert manager.socket.recv(4096).decode() == f"STATUS={host.directory}/refused: exists and is not a directory"
