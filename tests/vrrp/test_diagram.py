"""The page in the documentation is what `step()` does."""

from typing import get_args

from failover.vrrp import Cause
from tests.vrrp.diagram import PAGE, PICTURE, Transition, explore, page, picture


def test_the_page_is_current() -> None:
    assert PAGE.read_text() == page(), "run: python -m tests.vrrp.diagram"
    assert PICTURE.read_text() == picture(), "run: python -m tests.vrrp.diagram"


def test_the_exploration_finds_every_cause() -> None:
    assert {transition.cause for transition in explore()} == {cause.__name__ for cause in get_args(Cause)}


def test_master_is_entered_and_left_in_the_order_that_is_contract() -> None:
    for transition in explore():
        if transition.target == "MASTER":
            assert transition.actions == ("advertise", "install", "announce")
        elif transition.source == "MASTER":
            resigns = ("advertise 0",) if transition.cause == "ShutDown" else ()
            assert transition.actions == (*resigns, "withdraw")
        else:
            assert transition.actions == ()


def test_every_shutdown_ends_in_initialize() -> None:
    ends = {transition.target for transition in explore() if transition.cause == "ShutDown"}
    assert ends == {"INITIALIZE"}
    assert Transition("MASTER", "INITIALIZE", "ShutDown", ("advertise 0", "withdraw")) in explore()
