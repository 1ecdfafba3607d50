"""What each signal does to the engine, and how it hears of those that mean something.

Nobody's signal may end it with its addresses on: another host would take them, and two would answer. So one that means
nothing here either is ignored or ends the engine in good order.
"""

import signal
import socket
from collections.abc import Callable, Collection
from enum import Enum
from typing import Final

from failover.linux.process.signals import CANNOT_BE_HELD, EVERY, ignore


class Use(Enum):
    """What a signal does."""

    STOP = "shut down cleanly"
    RELOAD = "reload the configuration; without a file, or with a terminal, shut down cleanly"
    OVERRUN = "give up real-time scheduling; if there is none, shut down cleanly"
    REFUSE = "ignored, and logged once"
    IGNORE = "ignored"
    NONE = "none"
    NOT_OURS = "cannot be handled"


_ODD: Final[dict[Use, Collection[int]]] = {
    Use.RELOAD: {signal.SIGHUP},
    # The kernel's, for a real-time process that does not sleep (RLIMIT_RTTIME).
    Use.OVERRUN: {signal.SIGXCPU},
    # The first two are what keepalived writes its data at; the third is Ctrl-Z.
    Use.REFUSE: {signal.SIGUSR1, signal.SIGUSR2, signal.SIGTSTP},
    # Whoever writes is told by an error. From a terminal it neither needs nor demands anything. The rest are faults of
    # a program: the kernel ends it for one of its own whether it ignores them or not, and they are nobody else's.
    Use.IGNORE: {
        *(signal.SIGPIPE, signal.SIGXFSZ, signal.SIGTTIN, signal.SIGTTOU),
        *(signal.SIGILL, signal.SIGTRAP, signal.SIGBUS, signal.SIGFPE, signal.SIGSEGV, signal.SIGSYS),
        *(set(EVERY) - signal.valid_signals() - CANNOT_BE_HELD),
    },
    Use.NONE: {signal.SIGCHLD, signal.SIGCONT, signal.SIGURG, signal.SIGWINCH},
    Use.NOT_OURS: CANNOT_BE_HELD,
}
USES: Final = {number: next((use for use, some in _ODD.items() if number in some), Use.STOP) for number in EVERY}
"""What each signal does: whatever is not listed stops the engine."""
_HEARD: Final = frozenset({Use.STOP, Use.RELOAD, Use.REFUSE})
_BYTES_AT_ONCE: Final = 64


class Signals:
    """Signals arrive as bytes on a socket: no handler runs in the middle of anything."""

    def __init__(self, overrun: Callable[..., None]) -> None:
        """`overrun` is the handler of SIGXCPU, which cannot wait to be read.

        What our parent had us ignore, such as nohup SIGHUP, stays ignored. What has come since the start of the
        process was held back until now.
        """
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)
        self._writer.setblocking(False)
        signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        ignore(number for number, use in USES.items() if use is Use.IGNORE)
        for number, use in USES.items():
            if use in _HEARD and signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, _ignore_here)
        signal.signal(signal.SIGXCPU, overrun)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())

    def fileno(self) -> int:
        """A descriptor that is readable where signals have come."""
        return self._reader.fileno()

    def read(self) -> bytes:
        """The numbers of some signals that have come."""
        return self._reader.recv(_BYTES_AT_ONCE)

    def close(self) -> None:
        """Hear no more of them: the process ends, and none ends it otherwise.

        Python gives up its handlers before the process has ended: whatever came then would kill it. So it is held back.
        """
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        signal.set_wakeup_fd(-1)
        self._reader.close()
        self._writer.close()


def _ignore_here(number: int, frame: object) -> None:
    """Whoever reads `Signals` hears of it."""
