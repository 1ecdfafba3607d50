"""The setting `authentication` with the method `hmac_sha256`."""

import json
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from failover.config import VirtualRouter, instances, parse
from failover.vrrp import Secret, seconds
from failover.vrrp.authentication.keys import AuthenticationMode, KeyedAuthentication
from tests.config.documents import ABSENT, complaint, complaints, entry

KEY: Final = bytes(range(32))
SOURCE: Final = '{"file": "/PATH"} or {"credential": "NAME"}'


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return a_file(tmp_path / "1", KEY.hex())


def a_file(path: Path, content: str) -> Path:
    path.touch(0o600)
    path.write_text(content)
    return path


def by(*files: Path, **changes: Any) -> dict[str, Any]:
    keys = {str(number): {"file": str(path)} for number, path in enumerate(files, 1)}
    given = {"method": "hmac_sha256", "keys": keys, "active_key": 1, **changes}
    return {key: value for key, value in given.items() if value is not ABSENT}


def keyed(given: dict[str, Any], **changes: Any) -> KeyedAuthentication:
    (router,) = parse(json.dumps(entry(authentication=given, **changes))).virtual_routers
    (instance,) = instances(router)
    assert instance.keyed is not None
    return instance.keyed


def said(given: dict[str, Any], **changes: Any) -> str:
    return complaint(authentication=given, **changes).removeprefix("authentication.")


def test_one_key_signs_and_everything_else_has_a_default(file: Path) -> None:
    assert keyed(by(file)) == KeyedAuthentication(
        keys=((1, Secret(KEY)),), active_key=1, mode=AuthenticationMode.ENFORCE, window=seconds(5)
    )


def test_everything_can_be_said(tmp_path: Path, file: Path) -> None:
    other = a_file(tmp_path / "2", "FF" * 64 + "\n")
    found = keyed(by(file, other, active_key=2, mode="permissive", anti_replay="time", time_window=7.5))
    assert found == KeyedAuthentication(
        keys=((1, Secret(KEY)), (2, Secret(b"\xff" * 64))),
        active_key=2,
        mode=AuthenticationMode.PERMISSIVE,
        window=seconds(7.5),
    )
    assert keyed(by(file, anti_replay="sequence")).window is None


@pytest.mark.parametrize(("interval", "window"), [(0.01, 5), (1, 5), (1.7, 5.1), (40, 120)])
def test_the_window_is_five_seconds_or_three_intervals(file: Path, interval: float, window: float) -> None:
    assert keyed(by(file), advert_interval=interval).window == seconds(window)


@pytest.mark.parametrize("text", [KEY.hex(), KEY.hex().upper() + "\n", KEY.hex() + "\r\n", f" {KEY.hex(' ')}\n"])
def test_a_key_is_hexadecimal_digits(file: Path, text: str) -> None:
    file.write_text(text)
    assert keyed(by(file)).keys == ((1, Secret(KEY)),)


ALLOWED: Final = "allowed: a file with 64 to 128 hexadecimal digits, for a key of 32 to 64 bytes"
MADE: Final = "openssl rand -hex 32 makes a key"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (KEY.hex()[:-2], "has a key of 31 bytes"),
        ("00" * 65, "has a key of 65 bytes"),
        ("", "has a key of 0 bytes"),
        (KEY.hex()[:-1], "contains something else than hexadecimal digits"),
        ("correct horse battery staple correct horse", "contains something else than hexadecimal digits"),
    ],
)
def test_what_is_no_key_is_refused_and_not_shown(file: Path, content: str, words: str) -> None:
    file.write_text(content)
    line = said(by(file))
    assert line.startswith('keys["1"].file: ')
    assert line.endswith(f" {words}; {ALLOWED}; {MADE}")
    assert not content or content not in line


def test_a_file_that_others_may_read_and_one_that_is_not_there_are_both_named(tmp_path: Path, file: Path) -> None:
    file.chmod(0o644)
    lines = complaints(entry(authentication=by(file, tmp_path / "absent")))
    assert [line.partition(": ")[0] for line in lines] == [
        '$.authentication.keys["1"].file',
        '$.authentication.keys["2"].file',
    ]
    assert "may be read or changed by others (mode 0644)" in lines[0]
    assert "cannot be read: No such file or directory" in lines[1]


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"active_key": 2}, "active_key: 2 is the number of no key; allowed: one of the keys, 1"),
        ({"active_key": 0}, "active_key: 0 is out of range; allowed: one of the keys"),
        ({"active_key": ABSENT}, "active_key: missing; allowed: one of the keys"),
        (
            {"mode": "strict"},
            'mode: "strict" is not one of the allowed values; allowed: "receive_only", "permissive" or "enforce"',
        ),
        (
            {"anti_replay": "none"},
            'anti_replay: "none" is not one of the allowed values; allowed: "time" or "sequence"',
        ),
        ({"time_window": 2.9}, "time_window: 2.9 is too short; allowed: at least three intervals, 3 s"),
        (
            {"time_window": 5, "anti_replay": "sequence"},
            "time_window: 5.0 has no effect without anti_replay time; allowed: leave the key out",
        ),
        ({"keys": {}}, "keys: {} lists no key; allowed: at least one"),
        (
            {"keys": "00" * 32},
            (
                'keys: is a string, not an object; allowed: {"1": {"file": "/PATH"}, ...};'
                " a secret is never in the configuration itself"
            ),
        ),
        (
            {"keys": {"1": "00" * 32}},
            f'keys["1"]: is a string, not an object; allowed: {SOURCE}; a secret is never in the configuration itself',
        ),
        ({"keys": {"0": {"file": "/x"}}}, 'keys["0"]: "0" is no number of a key; allowed: "1" to "255"'),
        ({"keys": {"256": {"file": "/x"}}}, 'keys["256"]: "256" is no number of a key; allowed: "1" to "255"'),
        ({"keys": {"01": {"file": "/x"}}}, 'keys["01"]: "01" is no number of a key; allowed: "1" to "255"'),
        ({"keys": {"one": {"file": "/x"}}}, 'keys.one: "one" is no number of a key; allowed: "1" to "255"'),
        (
            {"password": {"file": "/x"}},
            "password: unknown key; allowed: method, keys, active_key, mode, anti_replay, time_window",
        ),
    ],
    ids=str,
)
def test_what_is_wrong_is_named_with_what_is_allowed(file: Path, changes: dict[str, Any], line: str) -> None:
    assert said(by(file, **changes)) == line


def test_it_serves_both_families_and_both_versions(file: Path) -> None:
    both = ["192.0.2.100/24", "fe80::1/64"]
    (router,) = parse(json.dumps(entry(authentication=by(file), ip_addresses=both))).virtual_routers
    assert [one.signs for one in instances(router)] == [True, True]
    assert keyed(by(file), version=2).signs
    assert not keyed(by(file, mode="receive_only")).signs


def test_one_that_is_built_in_code_is_the_same_and_shows_nothing(file: Path) -> None:
    given = by(file, time_window=9)
    (router,) = parse(json.dumps(entry(authentication=given))).virtual_routers
    assert VirtualRouter(**{**entry(), "authentication": given}) == router
    assert VirtualRouter(**msgspec.structs.asdict(router)) == router
    assert KEY.hex() not in repr(router)
    assert repr(KEY) not in repr(router)
    assert router.authentication is not None
    again = router.authentication.written()
    assert keyed(again) == keyed(given)
