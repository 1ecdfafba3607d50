"""The plots: one for each group with numbers, small, the same each time, and their text is text."""

from pathlib import Path

import pytest

from benchmarks.plots import PLOTS, draw
from benchmarks.quantiles import PERCENTILES
from benchmarks.results import KEEPALIVED, OURS, Measurement, Results

LARGEST_BYTES = 60_000


def measured(scenario: str, **labels: float | str) -> Measurement:
    curve = [float(percentile) for percentile in PERCENTILES]
    return Measurement(
        scenario=scenario,
        what="",
        unit="ms",
        samples={OURS: [1.0, 2.0], KEEPALIVED: [3.0]},
        labels=labels,
        distributions={OURS: curve, KEEPALIVED: curve},
    )


RESULTS = Results(
    {},
    [
        *(measured("failover/1s", key=key, interval=1.0) for key in ("excess", "announced", "answered")),
        *(
            measured("cpu/1@1s", key=key, routers=count, interval=0.1)
            for key in ("sent", f"received from {OURS}", f"received from {KEEPALIVED}")
            for count in (1, 50)
        ),
        measured("spacing/0.01s", key="p99", load="2 hogs", interval=0.01, realtime="True"),
        *(
            measured("addresses/1x500", key=key, routers=1, addresses=500)
            for key in ("configured", "announced", "late")
        ),
        *(measured("memory/1", key="Pss", routers=count) for count in (1, 1000)),
    ],
)


def test_each_group_with_numbers_has_a_plot(tmp_path: Path) -> None:
    assert draw(RESULTS, tmp_path) == list(PLOTS)
    assert {path.stem for path in tmp_path.iterdir()} == set(PLOTS)


def test_without_numbers_nothing_is_drawn(tmp_path: Path) -> None:
    assert draw(Results({}, []), tmp_path) == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", PLOTS)
def test_a_plot_is_small_and_its_text_is_text(tmp_path: Path, name: str) -> None:
    draw(RESULTS, tmp_path)
    svg = (tmp_path / f"{name}.svg").read_text()
    assert len(svg) < LARGEST_BYTES
    assert ">keepalived</text>" in svg


def test_the_same_numbers_give_the_same_files(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    for directory in (one, two):
        directory.mkdir()
        draw(RESULTS, directory)
    for path in one.iterdir():
        assert path.read_bytes() == (two / path.name).read_bytes()
