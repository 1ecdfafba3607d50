"""The reload of the configuration: read it, claim what is new, carry it out, say what came of it.

One at a time. A file that cannot be used, and a router that another process has, leave everything as it was. So does
whoever no longer waits for the answer, as long as nothing has been changed.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import Final, NamedTuple

from failover.config import DAEMON_SETTINGS, DaemonSettings
from failover.engine.fleet.engine import Engine
from failover.engine.fleet.plan import Extent, Plan
from failover.engine.process.claims import HeldClaims
from failover.engine.reload.reader_process import Read, ReaderProcess, Unread, unread
from failover.engine.router.instance import Instance
from failover.linux.errors import describe
from failover.linux.process.claims import Claimable
from failover.messages import Names, NotReloaded, Reloaded

_CLAIMS_AT_ONCE: Final = 16
_NAMES_TOLD: Final = 20
VOID: Final = NotReloaded(report="the client that asked for it has given up", is_bad=False)
"""The outcome where nobody waits for one."""

Outcome = Reloaded | NotReloaded
Answer = Callable[[Outcome], None]
Ended = Callable[[Outcome, Sequence[Instance]], None]
"""Called when a reload is over, with the instances that have other parameters now, not counting new ones."""


class _Asker(NamedTuple):
    answer: Answer
    waits: Callable[[], bool]


class Reload:
    """Reloads one file as often as it is asked for."""

    def __init__(
        self,
        read: Callable[[Callable[[Read | Unread], None]], ReaderProcess],
        daemon: DaemonSettings,
        engine: Engine,
        held: HeldClaims,
        began: Callable[[], None],
        ended: Ended,
    ) -> None:
        """`read` begins to read the file; `daemon` are the settings that the process runs with.

        `began` and `ended` are called for each reload, however many have asked for it.
        """
        self._read = read
        self._daemon = daemon
        self._engine = engine
        self._held = held
        self._began = began
        self._ended = ended
        self._asked: list[_Asker] = []
        """Whom to answer after the next reload."""
        self._told: list[_Asker] = []
        """Whom to answer after the reload that is under way."""
        self._is_busy = False
        self._reader: ReaderProcess | None = None

    def ask(self, answer: Answer, waits: Callable[[], bool] = lambda: True) -> None:
        """Reload, now or after the one that is under way: it may have read the file already.

        `waits` tells whether somebody still waits for the answer: a change that nobody waits for is not begun.
        """
        self._asked.append(_Asker(answer, waits))
        if not self._is_busy:
            self._begin()

    def stop(self) -> None:
        """The daemon ends: begin nothing more."""
        self._is_busy = True
        if self._reader is not None:
            self._reader.stop()
            self._reader = None

    def _begin(self) -> None:
        self._is_busy = True
        self._told, self._asked = self._asked, []
        if not self._is_wanted():
            self._end(VOID)
            return
        self._began()
        try:
            self._reader = self._read(self._take)
        except OSError as error:
            self._take(unread(error))

    def _take(self, found: Read | Unread) -> None:
        self._reader = None
        match found:
            case Read():
                self._engine.proceed(self._apply(found))
            case Unread(report=report, is_bad=is_bad):
                self._end(NotReloaded(report=report, is_bad=is_bad))

    def _apply(self, found: Read) -> Iterator[None]:
        """The steps of the reload itself, each less than a millisecond."""
        plan = Plan()
        yield from self._engine.compare(found.instances, plan)
        gone, new = set[Claimable](), list[Claimable]()
        yield from _exchange(plan, gone, new)
        try:
            yield from self._claim(new)
        except OSError as error:
            self._end(NotReloaded(report=describe(error), is_bad=False))
            return
        if not self._is_wanted():
            self._held.give_back(new)
            self._end(VOID)
            return
        outcome = _reloaded(plan.extent(), found, self._daemon)
        yield from self._engine.carry_out(plan)
        while gone:
            self._held.give_back([gone.pop() for _ in range(min(_CLAIMS_AT_ONCE, len(gone)))])
            yield
        self._end(outcome, [instance for instance, _ in plan.changed])

    def _claim(self, new: Sequence[Claimable]) -> Iterator[None]:
        for start in range(0, len(new), _CLAIMS_AT_ONCE):
            try:
                self._held.add(new[start : start + _CLAIMS_AT_ONCE])
            except OSError:
                self._held.give_back(new[:start])
                raise
            yield

    def _is_wanted(self) -> bool:
        return any(asker.waits() for asker in self._told)

    def _end(self, outcome: Outcome, changed: Sequence[Instance] = ()) -> None:
        self._is_busy = False
        self._ended(outcome, changed)
        for asker in self._told:
            asker.answer(outcome)
        if self._asked:
            self._begin()


def _exchange(plan: Plan, gone: set[Claimable], new: list[Claimable]) -> Iterator[None]:
    """The steps that find out what is claimed no longer, and what is new. What goes from one to another is neither."""
    for before in chain(plan.removed, (instance for instance, _ in plan.changed)):
        gone.update(before.intended.claims)
        yield
    for after in chain(plan.added, (one for _, one in plan.changed)):
        for claim in after.claims:
            if claim in gone:
                gone.remove(claim)
            else:
                new.append(claim)
        yield


def _reloaded(extent: Extent, found: Read, running: DaemonSettings) -> Reloaded:
    return Reloaded(
        added=_names(extent.added),
        removed=_names(extent.removed),
        changed=_names(extent.changed),
        unchanged=extent.unchanged,
        needs_restart=[name for name in DAEMON_SETTINGS if getattr(found.daemon, name) != getattr(running, name)],
        digest=found.digest,
    )


def _names(names: list[str]) -> Names:
    return Names(len(names), names[:_NAMES_TOLD])
