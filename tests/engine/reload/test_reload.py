"""`failover.engine.reload.reload`: a reload that nobody waits for changes nothing."""

from collections.abc import Callable, Iterator, Sequence
from typing import cast

import pytest

from failover.config import DaemonSettings
from failover.engine.fleet.engine import Engine
from failover.engine.fleet.plan import Plan
from failover.engine.intended import Intended
from failover.engine.process.claims import HeldClaims
from failover.engine.reload.reader_process import Read, ReaderProcess, Unread
from failover.engine.reload.reload import Outcome, Reload
from failover.linux.process.claims import VirtualRouterId
from failover.messages import NotReloaded, Reloaded

VOID = NotReloaded(report="the client that asked for it has given up", is_bad=False)


class Bench:
    """A reload of an engine that carries out anything, and remembers it."""

    def __init__(self) -> None:
        self.carried_out = 0
        self.claims: set[VirtualRouterId] = set()
        self.told: list[Outcome] = []
        self.done: list[Callable[[Read | Unread], None]] = []
        self.reload = Reload(
            self._read,
            DaemonSettings(),
            cast(Engine, self),
            cast(HeldClaims, self),
            lambda: None,
            lambda outcome, _: self.told.append(outcome),
        )

    def _read(self, done: Callable[[Read | Unread], None]) -> ReaderProcess:
        self.done.append(done)
        return cast(ReaderProcess, None)

    def finish_reading(self) -> None:
        self.done.pop()(Read([], DaemonSettings(), "0a1b2c3d"))

    # --- as an engine

    def proceed(self, steps: Iterator[None]) -> None:
        for _ in steps:
            pass

    def compare(self, intended: Sequence[Intended], plan: Plan) -> Iterator[None]:
        assert not intended
        assert not plan.added
        yield

    def carry_out(self, plan: Plan) -> Iterator[None]:
        assert not plan.added
        self.carried_out += 1
        yield

    # --- as claims

    def give_back(self, routers: Sequence[VirtualRouterId]) -> None:
        self.claims.difference_update(routers)


def test_nothing_is_read_for_who_has_given_up_before() -> None:
    bench = Bench()
    answers: list[Outcome] = []
    bench.reload.ask(answers.append, lambda: False)
    assert bench.done == []
    assert answers == bench.told == [VOID]


def test_nothing_is_changed_for_who_gives_up_while_the_file_is_read_and_the_next_one_is_served() -> None:
    bench = Bench()
    answers: list[Outcome] = []
    waits = True
    bench.reload.ask(answers.append, lambda: waits)
    waits = False
    bench.finish_reading()
    assert (answers, bench.carried_out) == ([VOID], 0)
    bench.reload.ask(answers.append)
    bench.finish_reading()
    assert isinstance(answers[-1], Reloaded)
    assert bench.carried_out == 1


@pytest.mark.parametrize("others_wait", [True, False])
def test_of_several_one_that_waits_is_enough(others_wait: bool) -> None:  # noqa: FBT001 - a parameter of the test
    bench = Bench()
    answers: list[Outcome] = []
    bench.reload.ask(answers.append)
    bench.reload.ask(answers.append, lambda: False)
    bench.reload.ask(answers.append, lambda: others_wait)
    bench.finish_reading()
    assert bench.carried_out == 1
    if others_wait:
        bench.finish_reading()
        assert bench.carried_out == 2
    else:
        assert answers[1:] == [VOID, VOID]
        assert bench.done == []
