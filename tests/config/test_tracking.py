"""Trackers and the setting `track`: what is taken, what is refused, and in which words."""

import json
from typing import Any

import pytest

from failover.config import ConfigError, Configuration, InterfaceTracker, Track, VirtualRouter, parse, schema
from tests.config.documents import GOOD, accepted, complaint, complaints, entry
from tests.config.schema_validator import is_valid

ENTRY: Any = GOOD
UPLINK = {"name": "uplink", "type": "interface", "interface_name": "eth1"}
FORM = '"NAME" or {"tracker": "NAME", "weight": NUMBER}'
WEIGHTS = "-253 to 253 without 0; no weight means fault"
INTERFACES = (
    "allowed: 1 to 15 bytes without spaces, / or :; an altname cannot be used;"
    " `ip -br link` lists the names of this host's interfaces"
)
NAMES = "1 to 128 printable characters, each name once"


def document(*trackers: Any, track: Any = ()) -> dict[str, Any]:
    return {"virtual_routers": [entry(track=list(track))], "trackers": list(trackers)}


def test_trackers_and_who_follows_them_are_read() -> None:
    given = document(UPLINK, {**UPLINK, "name": "db"}, track=["uplink", {"tracker": "db", "weight": -20}])
    found = parse(json.dumps(given))
    assert found.trackers == (
        InterfaceTracker(name="uplink", interface_name="eth1"),
        InterfaceTracker(name="db", interface_name="eth1"),
    )
    assert found.virtual_routers[0].track == (Track("uplink"), Track("db", -20))
    assert is_valid(given, schema(), schema())


@pytest.mark.parametrize(
    ("trackers", "lines"),
    [
        ([3], ["$.trackers[0]: 3 is a number, not an object; allowed: a tracker"]),
        ([{}], ['$.trackers[0].type: missing; allowed: "interface"']),
        (
            [{**UPLINK, "type": "interfaces"}],
            ['$.trackers[0].type: "interfaces" is no type of tracker; allowed: "interface"; did you mean "interface"?'],
        ),
        ([{**UPLINK, "type": 1}], ['$.trackers[0].type: 1 is no type of tracker; allowed: "interface"']),
        (
            [{"type": "interface", "interface": "eth1"}],
            [
                '$.trackers[0].interface: unknown key; did you mean "interface_name"?',
                f"$.trackers[0].name: missing; allowed: {NAMES}",
            ],
        ),
        ([{**UPLINK, "name": ""}], [f'$.trackers[0].name: "" is empty; allowed: {NAMES}']),
        (
            [{**UPLINK, "interface_name": "x" * 16}],
            [f'$.trackers[0].interface_name: "{"x" * 16}" is too long for the name of an interface; {INTERFACES}'],
        ),
        ([UPLINK, UPLINK], ['$.trackers[1].name: "uplink" is already the name of a tracker; allowed: each name once']),
    ],
)
def test_each_bad_tracker_is_named(trackers: list[Any], lines: list[str]) -> None:
    assert complaints(document(*trackers)) == lines
    if len(trackers) == 1:
        assert not is_valid(document(*trackers), schema(), schema())


def test_a_repeated_key_in_a_tracker_is_named() -> None:
    text = json.dumps(document(UPLINK)).replace('"type"', '"name": "x", "type"')
    assert complaints(text) == ["$.trackers[0].name: the key occurs more than once; allowed: once"]


@pytest.mark.parametrize(
    ("trackers", "line"),
    [
        ({}, "$.trackers: {} is an object, not a list; allowed: a list of trackers"),
        ([UPLINK] * 1001, "$.trackers: lists 1001 trackers; allowed: at most 1000"),
    ],
)
def test_what_is_no_list_of_trackers_is_named(trackers: Any, line: str) -> None:
    assert complaints({"virtual_routers": [GOOD], "trackers": trackers}) == [line]


@pytest.mark.parametrize(
    ("track", "line"),
    [
        ("uplink", f'track: "uplink" is a string, not a list; allowed: a list of {FORM}; did you mean ["uplink"]?'),
        (3, f"track: 3 is a number, not a list; allowed: a list of {FORM}"),
        ([3], f"track[0]: 3 is a number, not a string or an object; allowed: {FORM}"),
        ([""], f'track[0]: "" is empty; allowed: {FORM}'),
        ([{"weight": 3}], "track[0].tracker: missing; allowed: the name of a tracker"),
        ([{"tracker": 3}], "track[0].tracker: 3 is no name; allowed: the name of a tracker"),
        ([{"tracker": "a", "weight": 0}], f"track[0].weight: 0 is no weight; allowed: {WEIGHTS}"),
        ([{"tracker": "a", "weight": 254}], f"track[0].weight: 254 is no weight; allowed: {WEIGHTS}"),
        ([{"tracker": "a", "weight": True}], f"track[0].weight: true is no weight; allowed: {WEIGHTS}"),
        ([{"tracker": "a", "weight": None}], f"track[0].weight: null is no weight; allowed: {WEIGHTS}"),
        (
            [{"tracker": "a", "weigth": 3}],
            'track[0].weigth: unknown key; allowed: tracker, weight; did you mean "weight"?',
        ),
        ([{"tracker": "a", "x": 3}], "track[0].x: unknown key; allowed: tracker, weight"),
        ([str(number) for number in range(33)], "track: lists 33 trackers; allowed: at most 32"),
    ],
)
def test_each_bad_track_is_named_and_refused_by_the_schema(track: Any, line: str) -> None:
    assert complaint(track=track) == line
    assert not is_valid(entry(track=track), schema(), schema())


def test_a_number_that_is_none_is_named() -> None:
    assert complaint(track=[float("nan")]) == f"track[0]: NaN is BadNumber, not a string or an object; allowed: {FORM}"
    line = f"track[0].weight: NaN is no weight; allowed: {WEIGHTS}"
    assert complaint(track=[{"tracker": "a", "weight": float("nan")}]) == line


def test_a_tracker_is_followed_once() -> None:
    line = 'track[1]: "a" is tracked already; allowed: each tracker once'
    assert complaint(track=["a", {"tracker": "a", "weight": 3}]) == line


@pytest.mark.parametrize(
    ("trackers", "line"),
    [
        ([UPLINK], '"upling" is not the name of a tracker; allowed: "uplink"; did you mean "uplink"?'),
        ([], '"upling" is not the name of a tracker; allowed: none, because the configuration has no trackers'),
    ],
)
def test_a_name_that_no_tracker_has_is_named(trackers: list[Any], line: str) -> None:
    assert complaints(document(*trackers, track=["upling"])) == [f"$.virtual_routers[0].track[0]: {line}"]


def test_where_trackers_are_wrong_nobody_is_blamed_for_following_them() -> None:
    (line,) = complaints(document({**UPLINK, "interface_name": 3}, track=["uplink"]))
    assert line.startswith("$.trackers[0].interface_name: 3 is a number, not a string")


def test_the_same_rules_hold_in_code() -> None:
    uplink = InterfaceTracker(name="uplink", interface_name="eth1")
    follower = VirtualRouter(**ENTRY, track=["uplink", Track("db", 5)])
    assert follower.track == (Track("uplink"), Track("db", 5))
    with pytest.raises(ConfigError, match=r'virtual_routers\[0\]\.track\[1\]: "db" is not the name of a tracker'):
        Configuration(virtual_routers=[follower], trackers=[uplink])
    with pytest.raises(ConfigError, match=r"trackers\[1\]\.name: \"uplink\" is already the name of a tracker"):
        Configuration(virtual_routers=[VirtualRouter(**ENTRY)], trackers=[uplink, uplink])
    with pytest.raises(ConfigError, match="InterfaceTracker: 1 problem\n  interface_name: missing"):
        InterfaceTracker(name="uplink")  # type: ignore[call-arg]
    with pytest.raises(ConfigError, match='interface_name: "" is empty'):
        InterfaceTracker(name="uplink", interface_name="")


def test_what_follows_nothing_is_as_before() -> None:
    assert accepted().track == ()
    assert parse(json.dumps(GOOD)).trackers == ()
