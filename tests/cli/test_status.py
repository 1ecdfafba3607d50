"""`failover status`: the table, the faults, the choice of one router, the watch."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from failover import __version__
from failover.cli import control, main
from failover.cli.commands import status
from failover.cli.failures import Failure
from failover.config import parse

NOW = datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC)


def router(**changes: Any) -> dict[str, Any]:
    return {
        "name": "VR_1",
        "family": "ipv4",
        "vrid": 51,
        "interface": "eth0",
        "state": "MASTER",
        "since": "2026-01-01T09:55:00.000Z",
        "fault": None,
        "priority": {"configured": 100, "effective": 100},
        "master": "192.0.2.1",
        "addresses": ["192.0.2.100/24"],
        "send_error": None,
        "address_conflict": None,
        **changes,
    }


def document(*routers: dict[str, Any]) -> dict[str, Any]:
    return {
        "daemon": {"version": "9", "pid": 17, "uptime_seconds": 62.5, "warnings": []},
        "virtual_routers": list(routers) or [router()],
    }


THREE = document(
    router(),
    router(family="ipv6", state="BACKUP", master="fe80::2", addresses=["fe80::100/64", "2001:db8::100/64"]),
    router(
        name="LAN",
        state="INITIALIZE",
        master=None,
        priority={"configured": 100, "effective": 60},
        fault={"reason": "no_carrier", "detail": "eth0 has no carrier"},
    ),
)


def test_what_is_missing_takes_one_line_and_nothing_missing_none() -> None:
    daemon = {**document()["daemon"], "warnings": ["no real-time scheduling: needs CAP_SYS_NICE", "b"]}
    warned = status.text({**document(), "daemon": daemon}, NOW).split("\n")
    plain = status.text(document(), NOW).split("\n")
    assert [line for line in warned if line not in plain] == ["warning: no real-time scheduling: needs CAP_SYS_NICE; b"]


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def play(*given: dict[str, Any] | Failure | type[KeyboardInterrupt]) -> None:
        rest = iter(given)

        def get(path: Path, resource: str) -> bytes:
            assert resource == "/status"
            answer = next(rest)
            if isinstance(answer, dict):
                return json.dumps(answer).encode()
            raise answer

        monkeypatch.setattr(control, "get", get)
        monkeypatch.setattr(time, "sleep", lambda _: None)

    return play


def test_the_table_has_a_line_for_each_instance_then_faults_in_words_then_the_daemon() -> None:
    assert status.text(THREE, NOW).splitlines() == [
        "NAME  FAMILY  STATE       FOR        MASTER     PRIORITY             INTERFACE  VRID  ADDRESSES",
        "VR_1  ipv4    MASTER      2 h 5 min  this host  100                  eth0       51    192.0.2.100/24",
        "VR_1  ipv6    BACKUP      2 h 5 min  fe80::2    100                  eth0       51    fe80::100/64 and 1 more",
        "LAN   ipv4    INITIALIZE  2 h 5 min  -          60 (100 configured)  eth0       51    192.0.2.100/24",
        "LAN (ipv4) cannot run: eth0 has no carrier: check the cable and the switch port",
        "failover 9, process 17, up 1 min 2 s",
    ]


@pytest.mark.parametrize(
    ("at", "last"), [("2026-01-01T11:59:59.600Z", "0.4 s"), ("2026-01-01T11:57:55.000Z", "2 min 5 s")]
)
def test_what_cannot_be_sent_has_a_line_below_the_table(at: str, last: str) -> None:
    error = {"what": "advertisement", "error": "Operation not permitted", "count": 12, "at": at}
    lines = status.text(document(router(), router(name="LAN", send_error=error)), NOW).splitlines()
    assert [line for line in lines if "cannot" in line] == [
        f"LAN (ipv4) cannot send its advertisements: Operation not permitted (12 failed, last {last} ago)"
    ]


@pytest.mark.parametrize(
    ("last", "line"),
    [
        (
            {"error": "x.json: 1 problem\n  $.vrid: missing; allowed: 1 to 255", "file_is_bad": True},
            (
                "the last reload failed 5 min 0 s ago; a restart with that file would fail:"
                " x.json: 1 problem: $.vrid: missing; allowed: 1 to 255"
            ),
        ),
        (
            {"error": "x.json: 2 problems\n  $.a: unknown key\n  $.b: unknown key", "file_is_bad": True},
            (
                "the last reload failed 5 min 0 s ago; a restart with that file would fail:"
                " x.json: 2 problems: $.a: unknown key; failover check lists all"
            ),
        ),
        (
            {"error": "another failover, process 9, runs it", "file_is_bad": False},
            "the last reload failed 5 min 0 s ago: another failover, process 9, runs it",
        ),
    ],
)
def test_a_reload_that_failed_has_one_line_which_says_what_a_restart_would_do(last: dict[str, Any], line: str) -> None:
    failed = {"at": "2026-01-01T11:55:00.000Z", "outcome": "failed", **last}
    shown = document()
    plain = status.text(shown, NOW).splitlines()
    shown["daemon"]["last_reload"] = failed
    assert [one for one in status.text(shown, NOW).splitlines() if one not in plain] == [line]
    shown["daemon"]["last_reload"] = {**failed, "outcome": "reloaded", "error": None, "file_is_bad": False}
    assert status.text(shown, NOW).splitlines() == plain


@pytest.mark.parametrize(
    ("text", "age", "last", "is_told"),
    [
        ("{}", 3600, None, True),
        ("{}", -3600, None, False),  # as it was at the start
        ('{"vrid": 51, "interface_name": "eth0", "ip_addresses": ["192.0.2.100"]}', 3600, None, False),
        (None, 3600, None, False),
        ("{}", 3600, {"outcome": "reloaded", "error": None, "file_is_bad": False}, True),
        ("{}", 3600, {"outcome": "failed", "error": "in the way", "file_is_bad": False}, False),
    ],
)
def test_a_bad_file_that_was_changed_since_it_was_read_has_a_line(
    tmp_path: Path, text: str | None, age: float, last: dict[str, Any] | None, *, is_told: bool
) -> None:
    path = tmp_path / "x.json"
    if text is not None:
        path.write_text(text)
    now = datetime.now(UTC) + timedelta(seconds=1)
    shown = document()
    shown["daemon"] |= {"configuration_file": str(path), "uptime_seconds": age}
    if last is not None:
        shown["daemon"]["last_reload"] = {"at": (now - timedelta(seconds=age)).isoformat(), **last}
    lines = [line for line in status.text(shown, now).splitlines() if "was changed" in line]
    told = f"the configuration was changed and not reloaded, and a restart would fail: {path}: 3 problems: $.vrid:"
    assert [line.startswith(told) for line in lines] == [True] * is_told


GOOD = [
    {"name": "VR_1", "vrid": 51, "interface_name": "eth0", "ip_addresses": ["192.0.2.100/24"]},
    {"name": "LAN", "vrid": 52, "interface_name": "eth0", "ip_addresses": ["192.0.2.101/24"]},
]


@pytest.mark.parametrize(
    ("last", "digest", "line"),
    [
        (
            None,
            "another",
            "the configuration was changed and not reloaded (LAN: priority 200 -> 100): run failover reload",
        ),
        (None, parse(json.dumps(GOOD)).digest, None),  # it was only touched, or written in another way
        (None, None, None),  # a daemon of an older version
        (
            {"outcome": "failed", "error": "x", "file_is_bad": True},
            "another",
            "the last reload failed 1 h 0 min ago; the file is good now: run failover reload",
        ),
        (
            {"outcome": "failed", "error": "x", "file_is_bad": False},
            "another",
            "the last reload failed 1 h 0 min ago: x",
        ),
    ],
)
def test_a_good_file_that_was_changed_since_it_was_read_has_a_line(
    tmp_path: Path, last: dict[str, Any] | None, digest: str | None, line: str | None
) -> None:
    path = tmp_path / "x.json"
    path.write_text(json.dumps(GOOD, indent=2))
    now = datetime.now(UTC) + timedelta(seconds=1)
    high = {"configured": 200, "effective": 200}
    runs = {"version": 3, "advertisement_interval_seconds": 1.0}
    shown = document(router(**runs), router(name="LAN", vrid=52, priority=high, addresses=["192.0.2.101/24"], **runs))
    shown["daemon"] |= {
        "configuration_file": str(path),
        "uptime_seconds": 3600,
        "configuration_digest": digest,
        "version": __version__,
    }
    if last is not None:
        shown["daemon"]["last_reload"] = {"at": (now - timedelta(seconds=3600)).isoformat(), **last}
    for name in (None, "VR_1"):
        lines = status.text(shown, now, name=name).splitlines()
        assert [one for one in lines if "reload" in one] == ([line] if line else [])


def test_a_file_that_was_deleted_has_a_line_and_one_of_another_container_none(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    shown = document()
    shown["daemon"] |= {"configuration_file": str(path), "uptime_seconds": 3600}
    line = f"{path} does not exist any more: a restart would fail"
    assert line in status.text(shown, NOW).splitlines()
    shown["daemon"]["configuration_file"] = str(tmp_path / "elsewhere" / "x.json")
    assert "exist" not in status.text(shown, NOW)


def test_an_address_in_a_wrong_subnet_has_a_line() -> None:
    typo = router(own_subnets=["203.0.113.0/24", "198.51.100.0/25"])
    assert status.text(document(typo), NOW).splitlines()[2] == (
        "VR_1 (ipv4): 192.0.2.100/24 is in none of eth0's subnets (203.0.113.0/24, 198.51.100.0/25); if this is a typo,"
        " correct ip_addresses"
    )


def test_a_name_selects_all_families_of_that_router(
    answers: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    answers(THREE)
    assert main(["status", "VR_1", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert [one["family"] for one in printed["virtual_routers"]] == ["ipv4", "ipv6"]
    assert printed["daemon"] == THREE["daemon"]


def test_an_unknown_name_fails_with_the_known_ones(
    answers: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    answers(THREE)
    assert main(["status", "VR_9"]) == 1
    assert capsys.readouterr().err == "failover: no virtual router is called VR_9; there are: VR_1, LAN\n"


def test_json_is_the_document_of_the_api(answers: Callable[..., None], capsys: pytest.CaptureFixture[str]) -> None:
    answers(THREE)
    assert main(["status", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == THREE


def test_a_watch_goes_on_through_a_restart_until_it_is_interrupted(
    answers: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    answers(document(), Failure("no daemon runs"), document(router(state="BACKUP")), KeyboardInterrupt)
    assert main(["status", "--watch"]) == 0
    said = capsys.readouterr()
    assert said.out.count("MASTER ") == said.out.count("BACKUP ") + 2
    assert said.err == "failover: no daemon runs\n"


SILENT = {
    **document(),
    "daemon": {
        **document()["daemon"],
        "engine": {
            "answers": False,
            "answered_at": "2026-01-01T11:58:00.000Z",
            "silent_since": "2026-01-01T11:58:55.000Z",
        },
    },
}
SILENCE = "the engine does not answer; it was last heard from "


def test_an_engine_that_does_not_answer_is_said_first_and_is_a_failure(
    answers: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    answers(SILENT)
    assert main(["status"]) == 1
    first, second, third, *table = capsys.readouterr().out.splitlines()
    assert first.startswith(SILENCE)
    assert second.endswith("may still have the addresses: systemctl restart failover.")
    assert third == "What follows is what the engine said last."
    assert [first, second, third, *table] == status.text(SILENT, datetime.now(UTC)).splitlines()


def test_so_it_is_as_json_of_which_standard_output_has_nothing_else(
    answers: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    answers(SILENT)
    assert main(["status", "--json"]) == 1
    said = capsys.readouterr()
    assert json.loads(said.out) == SILENT
    assert said.err.startswith(f"failover: {SILENCE}")


def test_a_watch_says_so_and_goes_on(answers: Callable[..., None], capsys: pytest.CaptureFixture[str]) -> None:
    answers(SILENT, document(), SILENT, KeyboardInterrupt)
    assert main(["status", "--watch"]) == 0
    said = capsys.readouterr().out
    assert (said.count(SILENCE), said.count("VR_1 ")) == (2, 3)


def test_a_watch_does_not_begin_without_a_daemon(answers: Callable[..., None]) -> None:
    answers(Failure("no daemon runs"))
    assert main(["status", "--watch"]) == 1


def test_the_socket_is_found_from_the_options(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", "--runtime-dir", str(tmp_path)]) == 1
    assert str(tmp_path / "control.sock") in capsys.readouterr().err
    assert main(["status", "--socket", str(tmp_path / "other")]) == 1
    assert str(tmp_path / "other") in capsys.readouterr().err


def test_a_conflict_about_addresses_is_said_below_the_table() -> None:
    conflict = "another program, such as keepalived, keeps adding 192.0.2.100/24 to eth0"
    lines = status.text(document(router(), router(name="LAN", address_conflict=conflict)), NOW).splitlines()
    assert f"LAN (ipv4): {conflict}" in lines
