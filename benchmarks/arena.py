"""The LAN of the benchmarks: two routers' hosts, a client, and as many cables between them as VRIDs need.

A VRID is unique on its LAN, so more than 255 virtual routers need several. Segment n is 10.n.0.0/16 on interface ethN;
virtual addresses are 10.n.1.x, further ones of the first router 10.n.2.0 and up.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Self

from benchmarks.plan import Pace
from failover.lab.network.lan import Host, Lan
from failover.lab.network.waiting import wait_until
from failover.lab.router import RouterSpec

VRIDS_PER_SEGMENT: Final = 250
SETTLE_SECONDS: Final = 60


class Arena(Lan):
    """A LAN with hosts `one`, `two` and `client`; several segments where asked for."""

    def __init__(self, segments: int = 1) -> None:
        super().__init__()
        self._segments = segments

    def __enter__(self) -> Self:
        super().__enter__()
        try:
            self.one = self.host("one", "10.0.0.1/16")
            self.two = self.host("two", "10.0.0.2/16")
            self.client = self.host("client", "10.0.0.9/16")
            for number in range(1, self._segments):
                self._segment(number)
        except BaseException:
            self.close()
            raise
        return self

    def _segment(self, number: int) -> None:
        bridge = f"br{number}"
        self.switch.ip(
            f"link add name {bridge} type bridge stp_state 0 forward_delay 0 mcast_snooping 0",
            f"link set dev {bridge} up",
        )
        for last, host in enumerate((self.one, self.two), 1):
            name = port(host, number)
            self.switch.ip(
                f"link add name {name} type veth peer name eth{number} netns {host.name}",
                f"link set dev {name} master {bridge} up",
            )
            host.ip(f"addr add 10.{number}.0.{last}/16 dev eth{number}", f"link set dev eth{number} up")
            wait_until(lambda n=name: self._is_up(n), f"carrier on {name}")  # type: ignore[misc]

    def _is_up(self, name: str) -> bool:
        return "LOWER_UP" in self.switch.run(["ip", "-o", "link", "show", "dev", name]).stdout

    def frames(self, host: Host, direction: str) -> int:
        """How many frames the switch has had from (`rx`) or given to (`tx`) a host, on all segments."""
        ports = {port(host, number) for number in range(self._segments)}
        column = {"rx": 1, "tx": 9}[direction]
        with self.switch.enter():
            lines = Path("/proc/thread-self/net/dev").read_text().splitlines()
        rows = (line.replace(":", " ").split() for line in lines)
        return sum(int(row[1 + column]) for row in rows if row[0] in ports)

    def settle(self, host: Host, rate: float, pace: Pace) -> None:
        """Wait until a host sends so many frames a second and nothing else, for two beats on end."""
        time.sleep(pace.office)
        deadline = time.monotonic() + SETTLE_SECONDS
        steady = 0
        while steady < 2:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{host.label} does not settle at {rate:g} frames a second")
            before, began = self.frames(host, "rx"), time.monotonic()
            time.sleep(pace.beat)
            seen, elapsed = self.frames(host, "rx") - before, time.monotonic() - began
            is_steady = 0.98 * rate * pace.beat - 1.5 <= seen <= 1.02 * rate * elapsed + 1.5
            steady = steady + 1 if is_steady else 0


def port(host: Host, number: int) -> str:
    """The switch's end of a host's cable."""
    return f"{host.label}-{number}" if number else host.label


def specs(count: int, interval: float, priority: int = 100) -> list[RouterSpec]:
    """So many virtual routers with an address each, filling segment by segment."""
    return [_spec(*divmod(index, VRIDS_PER_SEGMENT), interval, priority) for index in range(count)]


def segments(count: int) -> int:
    """How many segments that many virtual routers need."""
    return -(-count // VRIDS_PER_SEGMENT)


def _spec(segment: int, index: int, interval: float, priority: int) -> RouterSpec:
    return RouterSpec(
        addresses=(f"10.{segment}.1.{index + 1}/16",),
        vrid=index + 1,
        interval=interval,
        priority=priority,
        interface=f"eth{segment}",
    )


@contextmanager
def arena(count: int = 1) -> Iterator[Arena]:
    """An arena for that many virtual routers."""
    with Arena(segments(count)) as made:
        yield made
