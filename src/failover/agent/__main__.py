"""The agent as the engine starts it: channel and listening socket at known descriptors, the log on standard error."""

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from failover.agent.log_file import LogFile
from failover.agent.privileges import drop_capabilities, take_time
from failover.agent.server import descriptor_sockets, serve
from failover.messages import CHANNEL_FD, LISTENER_FD


def main() -> None:
    """Run until the engine hangs up."""
    # Like Ctrl-C and the service manager's TERM to all processes: the engine ends first, and says so.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    parser = argparse.ArgumentParser(prog="failover.agent")
    parser.add_argument("--log-file", type=Path)
    log_file: Path | None = parser.parse_args().log_file
    channel, listener = descriptor_sockets(CHANNEL_FD, LISTENER_FD)
    take_time()
    drop_capabilities()
    asyncio.run(serve(channel, listener, _write_to(log_file)))
    # All is written. To take the interpreter apart takes longer than the rest of the way out, and the engine waits.
    os._exit(0)


def _write_to(path: Path | None) -> Callable[[str], None]:
    log = None if path is None else LogFile(path)

    def write(text: str) -> None:
        if (log is None or not log.write(text)) and sys.stderr is not None:
            # A log that cannot be written (a full disk, a closed terminal) must not take the API along.
            with suppress(OSError):
                sys.stderr.write(f"{text}\n")
                sys.stderr.flush()

    return write


if __name__ == "__main__":
    main()
