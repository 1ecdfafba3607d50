"""The agent as the engine starts it: channel and listening socket at known descriptors, the log where it belongs."""

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from failover.agent.api.server import serve
from failover.agent.link.reader import inherited_sockets
from failover.agent.log.journal import Journal, is_standard_error
from failover.agent.log.log_file import LogFile
from failover.agent.log.text import line
from failover.linux.process import capabilities, realtime
from failover.messages import CHANNEL_FD, LISTENER_FD, Event

_ORDINARY_TIMER_SLACK: Final = 50_000
"""Nanoseconds, as every process has that nobody gave another: the engine, which has none, hands that down."""


def main() -> None:
    """Run until the engine hangs up."""
    # Like Ctrl-C and the service manager's TERM to all processes: the engine ends first, and says so.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    parser = argparse.ArgumentParser(prog="failover.agent")
    parser.add_argument("--log-file", type=Path)
    log_file: Path | None = parser.parse_args().log_file
    channel, listener = inherited_sockets(CHANNEL_FD, LISTENER_FD)
    realtime.set_timer_slack(_ORDINARY_TIMER_SLACK)
    capabilities.give_up_all()
    asyncio.run(serve(channel, listener, _write_to(log_file)))
    # All is written. To take the interpreter apart takes longer than the rest of the way out, and the engine waits.
    os._exit(0)


def _write_to(path: Path | None) -> Callable[[Event], None]:
    """The log file, the journal, or standard error: what was asked for, what there is, and what is left."""
    log = LogFile(path) if path else None
    journal = Journal() if path is None and is_standard_error(os.environ) else None

    def write(event: Event) -> None:
        if (log and log.write(line(event))) or (journal and journal.write(event)) or sys.stderr is None:
            return
        # A log that cannot be written (a full disk, a closed terminal) must not take the API along.
        with suppress(OSError):
            sys.stderr.write(f"{line(event)}\n")
            sys.stderr.flush()

    return write


if __name__ == "__main__":
    main()
