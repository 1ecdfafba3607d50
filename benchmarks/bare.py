"""The least that Python can pay for a packet: a loop that does nothing but send or receive. Run inside the lab.

    python -m benchmarks.bare send|batch|receive INTERFACE SOURCE COUNT

Prints the microseconds of its own CPU for each packet.
"""

import socket
import sys
import time
from collections.abc import Callable
from typing import Final

from benchmarks.packets import message
from failover.lab.router import RouterSpec
from failover.linux.outbox import AT_ONCE, Packets
from failover.vrrp.protocol import GROUPS, PROTOCOL_NUMBER, Family

GROUP: Final = str(GROUPS[Family.IPV4])
SPEC: Final = RouterSpec(addresses=("10.0.1.1/16",), vrid=1)
PATIENCE_SECONDS: Final = 1.0


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


def _send(out: socket.socket, payload: bytes, count: int) -> int:
    for _ in range(count):
        out.sendto(payload, (GROUP, 0))
    return count


def _batch(out: socket.socket, payload: bytes, count: int) -> int:
    out.connect((GROUP, 0))
    packets = Packets([payload] * AT_ONCE)
    return sum(packets.send(out.fileno()) for _ in range(count // AT_ONCE))


def _receive(out: socket.socket, payload: bytes, count: int) -> int:
    print("ready", flush=True)
    received = 0
    while received < count:
        try:
            out.recv(len(payload) + 60)
        except TimeoutError:
            break
        received += 1
    return received


KINDS: Final[dict[str, Callable[[socket.socket, bytes, int], int]]] = {
    "send": _send,
    "batch": _batch,
    "receive": _receive,
}


def main() -> None:
    """One loop."""
    kind, interface, source, count = sys.argv[1:]
    out = _open(interface, source)
    began = time.process_time_ns()
    done = KINDS[kind](out, message(SPEC, source), int(count))
    used = time.process_time_ns() - began
    print(f"{used / done / 1000:.4f}")


if __name__ == "__main__":
    main()
