"""The settings of the daemon itself, in the long form of the file and in code."""

import json
from typing import Any

import pytest

from failover.config import DAEMON_SETTINGS, ConfigError, DaemonSettings, parse, schema
from tests.config.documents import GOOD, complaints
from tests.config.schema_validator import is_valid

CPUS = "allowed: a list of CPU numbers, 0 to 8191"
USER = "allowed: the name of a user of this host, or a number; not root"
PRIORITY = "allowed: 1 to 99, or 0 for none"


def document(**settings: Any) -> dict[str, Any]:
    return {"virtual_routers": [GOOD], "daemon": settings}


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"realtime_priority": 0},
        {"realtime_priority": 99, "lock_memory": False},
        {"cpu_affinity": [0, 8191]},
        {"cpu_affinity": []},
        {"agent_user": "failover"},
        {"agent_user": "65100"},
        {"agent_user": "EXAMPLE\\_svc.vrrp-1$"},
    ],
)
def test_good_ones_are_taken_and_valid_by_the_schema(settings: dict[str, Any]) -> None:
    assert parse(json.dumps(document(**settings))).daemon == DaemonSettings(**settings)
    assert is_valid(document(**settings), schema(), schema())


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        ({"realtime_priority": 100}, f"$.daemon.realtime_priority: 100 is out of range; {PRIORITY}"),
        ({"realtime_priority": -1}, f"$.daemon.realtime_priority: -1 is out of range; {PRIORITY}"),
        (
            {"lock_memory": 1},
            "$.daemon.lock_memory: 1 is a number, not true or false; allowed: true or false; did you mean true?",
        ),
        ({"lock_mem": True}, '$.daemon.lock_mem: unknown key; did you mean "lock_memory"?'),
        ({"cpu_affinity": 3}, f"$.daemon.cpu_affinity: 3 is a number, not a list; {CPUS}; did you mean [3]?"),
        ({"cpu_affinity": "all"}, f'$.daemon.cpu_affinity: "all" is a string, not a list; {CPUS}'),
        ({"cpu_affinity": [0, 8192]}, f"$.daemon.cpu_affinity[1]: 8192 is out of range; {CPUS}"),
        ({"cpu_affinity": [float("nan")]}, f"$.daemon.cpu_affinity[0]: NaN is not a JSON number; {CPUS}"),
        (
            {"agent_user": 65100},
            f'$.daemon.agent_user: 65100 is a number, not a string; {USER}; did you mean "65100"?',
        ),
        (
            {"agent_user": 0},
            f"$.daemon.agent_user: 0 is a number, not a string; {USER}",
        ),
        ({"agent_user": "x" * 33}, f'$.daemon.agent_user: "{"x" * 33}" is too long; {USER}'),
        (
            {"cpu_affinity": ["0"]},
            f'$.daemon.cpu_affinity[0]: "0" is a string, not a whole number; {CPUS}; did you mean 0?',
        ),
    ],
)
def test_each_bad_one_is_named_with_its_path_and_refused_by_the_schema(settings: dict[str, Any], line: str) -> None:
    assert complaints(document(**settings)) == [line]
    assert not is_valid(document(**settings), schema(), schema())


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("root", "is root, but the agent must not be root"),
        ("0", "is root, but the agent must not be root"),
        ("00", "is root, but the agent must not be root"),
        ("a:b", "cannot be the name of a user"),
        ("../x", "cannot be the name of a user"),
        ("-x", "cannot be the name of a user"),
        ("a b", "cannot be the name of a user"),
        ("m\u00fcller", "cannot be the name of a user"),
        ("a\nb", "cannot be the name of a user"),
    ],
)
def test_what_no_user_is_called_and_root_are_refused(name: str, message: str) -> None:
    (line,) = complaints(document(agent_user=name))
    assert f" {message}; {USER}" in line


def test_all_errors_are_told_at_once_with_those_of_the_routers() -> None:
    several = {"virtual_routers": [{**GOOD, "vrid": 0}], "daemon": {"realtime_priority": 100, "cpu_affinity": [-1]}}
    assert [line.split(":")[0] for line in complaints(several)] == [
        "$.daemon.realtime_priority",
        "$.daemon.cpu_affinity[0]",
        "$.virtual_routers[0].vrid",
    ]


def test_a_key_that_is_there_twice_is_an_error() -> None:
    text = json.dumps(document(lock_memory=True)).replace(
        '"lock_memory": true', '"lock_memory": 1, "lock_memory": true'
    )
    assert complaints(text) == ["$.daemon.lock_memory: the key occurs more than once; allowed: once"]


def test_the_short_forms_have_the_defaults() -> None:
    assert parse(json.dumps(GOOD)).daemon == parse(json.dumps([GOOD])).daemon == DaemonSettings()


def test_in_code_they_are_checked_alike() -> None:
    assert DaemonSettings(cpu_affinity=[1]).cpu_affinity == (1,)
    with pytest.raises(ConfigError, match="realtime_priority: 300 is out of range"):
        DaemonSettings(realtime_priority=300)


def test_the_schema_describes_each_with_its_default() -> None:
    described = schema()["$defs"]["Daemon"]["properties"]
    assert list(described) == list(DAEMON_SETTINGS)
    assert {name: one["default"] for name, one in described.items()} == {
        "realtime_priority": 49,
        "lock_memory": True,
        "cpu_affinity": [],
        "agent_user": "",
    }
