"""The process that reads the configuration for a running engine, and ends.

Its arguments are the file, and whom to become before it takes apart what the file says; none where it is not root.

The engine does not do it itself: a disk may be slow, and a thousand virtual routers take a tenth of a second.
"""

import os
import socket
import sys
from functools import partial

from failover.config import ConfigError, load
from failover.engine.reload.handover import HANDOVER_FD, bad, encode, handover
from failover.engine.reload.secret_reader import fork_off
from failover.linux.confinement import fence, users
from failover.linux.process import core_dumps


def main() -> None:
    """Read, check, hand over."""
    _, path, *user = sys.argv
    core_dumps.forbid()
    engine = socket.socket(fileno=HANDOVER_FD)
    secrets = fork_off(engine)
    enter = partial(fence.enter, users.parse(user[0]) if user else None)
    try:
        packets = list(handover(load(path, enter, secrets.read)))
    except ConfigError as error:
        packets = [bad(str(error))]
    secrets.close()
    for packet in packets:
        engine.send(encode(packet))
    os._exit(0)  # to take the interpreter apart takes time, and the engine waits


if __name__ == "__main__":
    main()
