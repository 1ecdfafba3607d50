"""`running` and `run`: virtual routers in an asyncio program: the engine without its process, agent or signals."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, closing
from inspect import (
    isasyncgen,
    isasyncgenfunction,
    isawaitable,
    iscoroutine,
    iscoroutinefunction,
    isgenerator,
    isgeneratorfunction,
)
from typing import Final

from failover.config import Configuration, Tracker, VirtualRouter
from failover.engine import Engine, Loop
from failover.engine.intended import claims, intended
from failover.engine.process.claims import exclusively
from failover.events import Kind
from failover.linux.host import LinuxHost
from failover.messages import Event

OnEvent = Callable[[Event], object]

_MUST_BE_ORDINARY: Final = (
    "on_event must be an ordinary function, because it is not awaited or iterated:"
    " let it put the event into an asyncio.Queue, or start a task"
)


async def run(
    virtual_routers: Iterable[VirtualRouter], *, trackers: Iterable[Tracker] = (), on_event: OnEvent | None = None
) -> None:
    """Run virtual routers until cancelled, as `running` does; what goes wrong is raised here."""
    async with running(virtual_routers, trackers=trackers, on_event=on_event):
        await asyncio.get_running_loop().create_future()


@asynccontextmanager
async def running(
    virtual_routers: Iterable[VirtualRouter], *, trackers: Iterable[Tracker] = (), on_event: OnEvent | None = None
) -> AsyncIterator[None]:
    """Run virtual routers inside an `async with`. At its end MASTERs resign with priority 0 and addresses are removed.

    `trackers` are those that the virtual routers name in `track`.

    `on_event` is called in the event loop with each event. It must return soon: while it runs, no advertisement is
    sent. An exception that it raises cancels what is inside the `async with`, which then raises it. It is still called
    with the events of the end; what it raises there is told to the loop's exception handler, and so is all that is not
    raised because something else is.

    Raises `ConfigError` where the routers clash or are none, `TypeError` for an `on_event` that would have to be
    awaited or iterated, `PermissionError` without CAP_NET_RAW and CAP_NET_ADMIN, and `OSError` where somebody runs
    one of the routers already, this process or another (EBUSY), or the system has no descriptors left.

    A signal that ends the program leaves the addresses where they are: handle those that may come. Timing is only as
    good as the program's event loop: whatever blocks it delays advertisements, which are due every `advert_interval`
    seconds (RFC 9568 §6.4.3).
    """
    if _runs_later(on_event) or _runs_later(type(on_event).__call__):
        raise TypeError(_MUST_BE_ORDINARY)
    instances = intended(Configuration(virtual_routers=virtual_routers, trackers=trackers))
    run = _Run(on_event)
    try:
        with exclusively(claims(instances)) as held, closing(Loop()) as inner:
            for warning in held.warnings:
                run.publish(Kind.DEGRADED.event(inner.clock.wall(), {"warning": warning}), None)
            engine = Engine(instances, inner, run.publish, LinuxHost(), held.is_anothers)
            try:
                engine.start()
                inner.dispatch()
                run.drive(inner)
                run.begin()
                yield
            finally:
                run.end(inner)
                engine.stop()
    except BaseException as error:
        if not run.has_caused(error):
            raise
    run.raise_error()


class _Run:
    """What goes wrong in the callbacks of one `running`, and how the task that is inside of it hears of that."""

    def __init__(self, on_event: OnEvent | None) -> None:
        self._on_event = on_event
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.current_task()
        self._cancelled_before = self._task.cancelling() if self._task else 0
        self._has_cancelled = self._is_cancelled_by_others = False
        self._error: BaseException | None = None
        self._raised_by = ""
        self._is_inside = False
        self._has_ended = False

    def publish(self, event: Event, _: object) -> None:
        """Call `on_event`. Its exception must not reach the engine, which has other routers to serve."""
        if self._on_event is None:
            return
        try:
            _refuse_later(self._on_event(event))
        except BaseException as error:  # noqa: BLE001 - raised again at the end
            self._fail("on_event", error)

    def drive(self, inner: Loop) -> None:
        """Have the event loop drive the engine's."""

        def dispatch() -> None:
            try:
                inner.dispatch()
            except BaseException as error:  # noqa: BLE001 - raised again at the end
                self._loop.remove_reader(inner.fileno())
                self._fail("the engine", error)

        self._loop.add_reader(inner.fileno(), dispatch)

    def begin(self) -> None:
        """Let the task go on, if nothing has gone wrong."""
        self.raise_error()
        self._is_inside = True

    def end(self, inner: Loop) -> None:
        """The task has left, whatever it has made of being cancelled by us: that is taken back."""
        self._is_inside, self._has_ended = False, True
        self._loop.remove_reader(inner.fileno())
        if self._has_cancelled and self._task is not None:
            self._is_cancelled_by_others = self._task.uncancel() > self._cancelled_before

    def raise_error(self) -> None:
        """Raise what has gone wrong, if anything has."""
        if self._error is not None:
            raise self._error

    def has_caused(self, left_by: BaseException) -> bool:
        """Whether nothing but our cancelling it made the task leave; else what is not raised is told."""
        if isinstance(left_by, asyncio.CancelledError) and self._has_cancelled and not self._is_cancelled_by_others:
            return True
        if self._error is not None and self._error is not left_by:
            self._tell(f"{self._raised_by} raised an exception, and the program another one", self._error)
        return False

    def _fail(self, who: str, error: BaseException) -> None:
        if self._error is not None or self._has_ended:
            when = "while the virtual routers were being stopped" if self._has_ended else "after another one"
            self._tell(f"{who} raised an exception {when}", error)
            return
        self._raised_by, self._error = who, error
        if self._is_inside and self._task is not None:
            self._has_cancelled = self._task.cancel()

    def _tell(self, what: str, error: BaseException) -> None:
        self._loop.call_exception_handler({"message": f"failover: {what}", "exception": error})


def _runs_later(function: object) -> bool:
    """Whether what this function does is done only once somebody awaits or iterates what it returns."""
    return iscoroutinefunction(function) or isgeneratorfunction(function) or isasyncgenfunction(function)


def _refuse_later(result: object) -> None:
    # A future, such as a task, comes about by itself.
    if asyncio.isfuture(result) or not (isawaitable(result) or isgenerator(result) or isasyncgen(result)):
        return
    if iscoroutine(result):
        result.close()
    raise TypeError(_MUST_BE_ORDINARY)
