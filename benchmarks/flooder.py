"""Sends one frame again and again, paced and for a bounded time. Run inside the lab.

    python -m benchmarks.flooder INTERFACE RATE SECONDS < FRAME-IN-HEXADECIMAL

Prints how many it has sent, which is less than RATE * SECONDS where it could not keep up.
"""

import socket
import sys
import time
from typing import Final

from failover.linux.sockets.outbox import AT_ONCE, Packets

LONGEST_SECONDS: Final = 10.0


def flood(out: socket.socket, frame: bytes, rate: float, seconds: float) -> int:
    """Send at `rate` a second, one by one or by groups, without catching up on what could not be sent in time."""
    group = min(AT_ONCE, max(1, round(rate / 1000)))
    packets = Packets([frame] * group)
    sent = 0
    due = time.monotonic()
    end = due + min(seconds, LONGEST_SECONDS)
    while due < end:
        time.sleep(max(0.0, due - time.monotonic()))
        sent += packets.send(out.fileno())
        due = max(due + group / rate, time.monotonic() - group / rate)
    return sent


def main() -> None:
    """One flood."""
    interface, rate, seconds = sys.argv[1:]
    frame = bytes.fromhex(sys.stdin.read())
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as out:
        out.bind((interface, 0))
        print(flood(out, frame, float(rate), float(seconds)))


if __name__ == "__main__":
    main()
