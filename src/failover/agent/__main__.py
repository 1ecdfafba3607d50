"""Starts the agent: takes over the channel and the listening socket from the engine, and picks the log to write to.

What serves HTTP is imported only behind the fence: none of its code has ever run with a right of the engine's.
asyncio is one of it, and is imported without TLS: the agent speaks over Unix sockets, and OpenSSL takes 4 MB.
"""

import argparse
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from failover.agent.link.inherited import inherited_sockets
from failover.agent.log.journal import Journal, is_standard_error
from failover.agent.log.keeper import fork_off
from failover.agent.log.log_file import HandedOver, LogFile
from failover.agent.log.text import line
from failover.events import Kind
from failover.linux.confinement import fence, users
from failover.linux.process import realtime, signals
from failover.messages import CHANNEL_FD, LISTENER_FD, LOG_FD, Event

_ORDINARY_TIMER_SLACK: Final = 50_000
"""Nanoseconds: the default of every process. The engine, a real-time process, hands down a timer slack of 0."""


def main() -> None:
    """Run until the engine closes its end of the channel."""
    # Ctrl-C, a service manager and others send signals to all processes. The agent stays, to log how the engine ends.
    signals.ignore(set(signals.EVERY) - signals.CANNOT_BE_HELD - {signal.SIGCHLD})
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    parser = argparse.ArgumentParser(prog="failover.agent")
    parser.add_argument("--log-file", type=Path)
    parser.add_argument("--log-handed-over", action="store_true")
    parser.add_argument("--user", type=users.parse)
    given = parser.parse_args()
    channel, listener = inherited_sockets(CHANNEL_FD, LISTENER_FD)
    realtime.set_timer_slack(_ORDINARY_TIMER_SLACK)
    log = fork_off(given.log_file, channel, listener) if given.log_file else None
    write = _write_to(HandedOver(LOG_FD) if given.log_handed_over else log)
    fenced = fence.enter(given.user)
    for warning in fenced.warnings:
        write(Kind.DEGRADED.event(time.time_ns(), {"warning": warning}))
    sys.modules["ssl"] = None  # type: ignore[assignment]  # importing it fails, as in a Python that was built without it
    import asyncio  # noqa: PLC0415 - not before the fence

    from failover.agent.api.server import serve  # noqa: PLC0415

    asyncio.run(serve(channel, listener, write, fenced))
    # Everything is written. The interpreter's own shutdown takes longer than all of ours, and the engine waits for us.
    os._exit(0)


def _write_to(log: LogFile | None) -> Callable[[Event], None]:
    """A function that writes an event to the log file if there is one, else to the journal, else to standard error."""
    journal = Journal() if log is None and is_standard_error(os.environ) else None

    def write(event: Event) -> None:
        if (log and log.write(line(event))) or (journal and journal.write(event)) or sys.stderr is None:
            return
        # A log that cannot be written (a full disk, a closed terminal) must not stop the API.
        with suppress(OSError):
            sys.stderr.write(f"{line(event)}\n")
            sys.stderr.flush()

    return write


if __name__ == "__main__":
    main()
