"""The agent as the engine starts it: channel and listening socket at known descriptors, the log on standard error."""

import argparse
import asyncio
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from failover.agent.privileges import drop_capabilities
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
    # Whatever the locale says: a name that it cannot spell must not stop the log.
    output = sys.stderr if log_file is None else log_file.open("a", encoding="utf-8", errors="backslashreplace")
    drop_capabilities()
    asyncio.run(serve(channel, listener, _writer(output)))


def _writer(output: TextIO) -> Callable[[str], None]:
    def write(text: str) -> None:
        # A log that cannot be written (a full disk, a closed terminal) must not take the API along.
        with suppress(OSError):
            output.write(f"{text}\n")
            output.flush()

    return write


if __name__ == "__main__":
    main()
