"""The process that reads the configuration for a running engine, and ends (`python -m`, with the file as argument).

The engine does not do it itself: a disk may be slow, and a thousand virtual routers take a tenth of a second.
"""

import os
import socket
import sys

from failover.config import ConfigError, load
from failover.engine.reload.handover import HANDOVER_FD, bad, encode, handover


def main() -> None:
    """Read, check, hand over."""
    engine = socket.socket(fileno=HANDOVER_FD)
    try:
        packets = list(handover(load(sys.argv[1])))
    except ConfigError as error:
        packets = [bad(str(error))]
    for packet in packets:
        engine.send(encode(packet))
    os._exit(0)  # to take the interpreter apart takes time, and the engine waits


if __name__ == "__main__":
    main()
