"""The pictures in the documentation are those that are drawn from the protocol's numbers."""

import pytest

from tests.docs.pictures import DIRECTORY, PICTURES, timeline


@pytest.mark.parametrize("name", PICTURES)
def test_the_picture_is_current(name: str) -> None:
    assert (DIRECTORY / name).read_text() == PICTURES[name](), "run: python -m tests.docs.pictures"


def test_the_timeline_has_the_master_down_interval_of_priority_100() -> None:
    assert "master-down interval: 3.60938 s" in timeline()
