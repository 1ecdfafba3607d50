"""The least that Python can pay for a packet or an address: a loop that does nothing else. Run inside the lab.

    python -m benchmarks.bare send|batch|receive|hear|beat|add|announce INTERFACE SOURCE COUNT

Prints the microseconds for each: of its own CPU, for addresses and announcements of real time. `hear` is `receive`
without a limit of patience, and `beat` sends by the clock, both for whoever looks at them from outside.
"""

import gc
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Interface
from typing import Final

from benchmarks.packets import message
from failover.config.daemon_settings import REALTIME_PRIORITY
from failover.frames import announcement
from failover.lab.router import RouterSpec
from failover.linux.netlink.addresses import prepare_add
from failover.linux.netlink.connection import Netlink
from failover.linux.process import realtime
from failover.linux.sockets.announcement import AnnouncementSocket
from failover.linux.sockets.outbox import AT_ONCE, Packets
from failover.vrrp.protocol import PROTOCOL_NUMBER, Family
from failover.vrrp.scope import GROUPS

GROUP: Final = str(GROUPS[Family.IPV4])
SPEC: Final = RouterSpec(addresses=("10.0.1.1/16",), vrid=1)
PATIENCE_SECONDS: Final = 1.0
ROUTERS: Final = 10
"""That share a beat."""
BEAT_NANOSECONDS: Final = 10_000_000
_BETWEEN_TICKS: Final = 500_000
_AWAKE_BEFORE: Final = 150_000

Loop = Callable[[], int]
"""Does it, and says how often it did."""


def _open(interface: str, source: str) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_RAW, PROTOCOL_NUMBER)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode())
    made.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 255)
    made.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 0)
    group = socket.inet_aton(GROUP) + socket.inet_aton(source)
    made.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(source))
    made.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group)
    made.settimeout(PATIENCE_SECONDS)
    return made


def _send(interface: str, source: str, count: int) -> Loop:
    out, payload = _open(interface, source), message(SPEC, source)

    def loop() -> int:
        for _ in range(count):
            out.sendto(payload, (GROUP, 0))
        return count

    return loop


def _batch(interface: str, source: str, count: int) -> Loop:
    out, packets = _open(interface, source), Packets([message(SPEC, source)] * AT_ONCE)
    out.connect((GROUP, 0))
    return lambda: sum(packets.send(out.fileno()) for _ in range(count // AT_ONCE))


def _receive(interface: str, source: str, count: int) -> Loop:
    out, size = _open(interface, source), len(message(SPEC, source)) + 60

    def loop() -> int:
        print("ready", flush=True)
        received = 0
        while received < count:
            try:
                out.recv(size)
            except TimeoutError:
                break
            received += 1
        return received

    return loop


def _hear(interface: str, source: str, count: int) -> Loop:
    into, size = _open(interface, source), len(message(SPEC, source)) + 60
    into.settimeout(None)  # with a timeout it would be another system call

    def loop() -> int:
        for _ in range(count):
            into.recv(size)
        return count

    return loop


def _beat(interface: str, source: str, count: int) -> Loop:
    out = _open(interface, source)
    out.connect((GROUP, 0))
    messages = [message(replace(SPEC, vrid=vrid), source) for vrid in range(1, ROUTERS + 1)]
    packets = Packets(messages)
    gc.disable()
    realtime.lock_memory()
    realtime.set_timer_slack(1)
    realtime.schedule(REALTIME_PRIORITY)

    def loop() -> int:
        at = time.monotonic_ns() // BEAT_NANOSECONDS * BEAT_NANOSECONDS + _BETWEEN_TICKS
        for _ in range(count):
            at += BEAT_NANOSECONDS
            time.sleep(max(0, at - _AWAKE_BEFORE - time.monotonic_ns()) / 1e9)
            while time.monotonic_ns() < at:
                pass
            packets.send(out.fileno())
        return count

    return loop


def _addresses(count: int) -> list[IPv4Interface]:
    return [IPv4Interface(f"{IPv4Address('10.0.8.0') + number}/16") for number in range(count)]


def _add(interface: str, _: str, count: int) -> Loop:
    netlink, batch = Netlink(), prepare_add(socket.if_nametoindex(interface), _addresses(count))

    def loop() -> int:
        if failures := netlink.apply(batch):
            raise RuntimeError(str(failures[0]))
        return count

    return loop


def _announce(interface: str, _: str, count: int) -> Loop:
    out, mac = AnnouncementSocket(interface, socket.if_nametoindex(interface)), bytes.fromhex("020000000001")
    frames = Packets([announcement(mac, address.ip) for address in _addresses(count)])

    def loop() -> int:
        sent = 0
        while sent < count:
            sent += out.send(frames, sent)
        return sent

    return loop


KINDS: Final[dict[str, Callable[[str, str, int], Loop]]] = {
    "send": _send,
    "batch": _batch,
    "receive": _receive,
    "hear": _hear,
    "beat": _beat,
    "add": _add,
    "announce": _announce,
}


def main() -> None:
    """One loop."""
    kind, interface, source, count = sys.argv[1:]
    loop = KINDS[kind](interface, source, int(count))
    clock = time.perf_counter_ns if kind in {"add", "announce"} else time.process_time_ns
    began = clock()
    done = loop()
    used = clock() - began
    print(f"{used / done / 1000:.4f}")


if __name__ == "__main__":
    main()
