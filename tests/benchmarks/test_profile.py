"""The report of a profile."""

from benchmarks.calls import C_FUNCTIONS
from benchmarks.profile import CASES, Calls, Profile, markdown
from benchmarks.samples import Sample

SAMPLES = [Sample("main", "kernel"), *[Sample("loop", "Python interpreter")] * 3]
CALLED = Calls(0.5, {"Loop.wait": 0.5, "seldom": 0.001, C_FUNCTIONS: 3.0})


def test_shares_of_samples_are_shares_of_the_time_while_nobody_looked() -> None:
    section = markdown(CASES[0], {"ours": Profile(120.0, 2.0, SAMPLES)}, CALLED)
    assert "## 1 virtual router at 0.1 s, heard from keepalived" in section
    assert "| CPU time an advertisement, µs | 120.0 |" in section
    assert "| CPU time a wake-up, µs | 240 |" in section
    assert "| kernel | 25%, 30.0 µs |" in section
    assert "| Python interpreter | 75%, 90.0 µs |" in section
    assert "| most in | `loop` 75.0%<br>`main` 25.0% |" in section


def test_what_is_called_now_and_then_is_not_listed() -> None:
    section = markdown(CASES[1], {"ours": Profile(120.0, 2.0, SAMPLES)}, CALLED)
    assert "`Loop.wait` 0.50." in section
    assert "seldom" not in section
    assert "3.0 in C" in section
