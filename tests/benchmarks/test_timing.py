"""The runner of the micro benchmarks, and what it runs."""

import gc
import time

from benchmarks.pester import answer_length
from benchmarks.scenarios.micro import STEPS
from benchmarks.timing import Effort, calibrated, nanoseconds


def test_a_loop_is_long_enough_to_be_timed() -> None:
    assert calibrated(lambda: None, 1e-6, lambda _, count: 300 * count) == 4
    assert calibrated(lambda: None, 1e-6, lambda _, count: 1000 * count) == 1


def test_a_call_is_timed_and_the_collector_is_as_it_was() -> None:
    assert gc.isenabled()
    assert nanoseconds(lambda: time.sleep(0.001), Effort(0.001, 3)) >= 1_000_000
    assert gc.isenabled()


def test_every_step_can_be_repeated() -> None:
    for build in STEPS.values():
        function = build()
        for _ in range(3000):
            function()


def test_the_length_of_an_answer_is_found_whatever_its_case() -> None:
    assert answer_length(b"HTTP/1.1 200 OK\r\nContent-Length: 17\r\nx: y") == 17
