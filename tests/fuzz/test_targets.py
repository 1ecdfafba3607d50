"""The fuzz targets hold for what they begin with and for what once failed; searching for more is `make fuzz`."""

import pytest

import fuzz
from failover.vrrp import Oddity
from failover.wording import ODDITIES

EACH_TARGET = pytest.mark.parametrize("name", fuzz.NAMES)


@EACH_TARGET
def test_the_invariant_holds_for_every_seed(name: str) -> None:
    target = fuzz.load(name)
    seeds = list(target.seeds())
    assert seeds
    for seed in seeds:
        target.one(seed)


@EACH_TARGET
def test_the_invariant_holds_for_what_once_failed(name: str) -> None:
    target = fuzz.load(name)
    for path in fuzz.regressions(name):
        target.one(path.read_bytes())


@EACH_TARGET
def test_the_invariant_holds_for_nothing_and_for_very_little(name: str) -> None:
    target = fuzz.load(name)
    for data in (b"", b"\0", b"\xff", b"\0\0", b"\xff\xff"):
        target.one(data)


def test_there_are_words_for_every_oddity() -> None:
    assert {oddity.value for oddity in Oddity} == set(ODDITIES)
