"""The runner around the scenarios."""

from collections.abc import Iterator

from benchmarks.__main__ import run
from benchmarks.plan import Plan, Scale
from benchmarks.registry import Scenario
from benchmarks.results import OURS, Measurement

PLAN = Plan(Scale.SMOKE)


def works(_: Plan) -> Iterator[Measurement]:
    yield Measurement(scenario="works", what="", unit="", samples={OURS: [1.0]})


def breaks(_: Plan) -> Iterator[Measurement]:
    raise TimeoutError("it never came")


def is_interrupted(_: Plan) -> Iterator[Measurement]:
    raise KeyboardInterrupt


def test_a_scenario_that_fails_is_named_and_the_others_are_measured() -> None:
    results = run([Scenario("breaks", breaks), Scenario("works", works)], PLAN)
    assert [failure.reason for failure in results.failures] == ["TimeoutError: it never came"]
    assert [one.scenario for one in results.measurements] == ["works"]


def test_an_interruption_keeps_what_was_measured_before() -> None:
    results = run([Scenario("works", works), Scenario("stops", is_interrupted), Scenario("works", works)], PLAN)
    assert len(results.measurements) == 1
    assert [failure.scenario for failure in results.failures] == ["stops"]
