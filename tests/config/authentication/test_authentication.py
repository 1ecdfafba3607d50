"""The setting `authentication`, and the files with secrets that it names."""

import json
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from failover.config import (
    Complaint,
    ConfigError,
    Source,
    VirtualRouter,
    instances,
    load,
    not_read,
    parse,
    read_secret,
)
from failover.config.authentication.password import Password
from failover.vrrp import Secret
from tests.config.documents import GOOD, complaint, complaints, entry

FORM = '{"method": "hmac_sha256", "keys": ...}, or {"method": "password", "password": ...} with version 2'
METHODS = '"hmac_sha256" or "password"'
SOURCE = '{"file": "/PATH"} or {"credential": "NAME"}'


def by_file(path: Path | str) -> dict[str, Any]:
    return {"method": "password", "password": {"file": str(path)}}


def said(authentication: Any, **changes: Any) -> str:
    """The one complaint about a router of version 2 with this."""
    return complaint(version=2, authentication=authentication, **changes)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "password"
    path.write_bytes(b"hunter2\n")
    path.chmod(0o600)
    return path


def built(authentication: Any) -> VirtualRouter:
    given: dict[str, Any] = {**GOOD, "version": 2, "authentication": authentication}
    return VirtualRouter(**given)


def password_of(path: Path) -> Secret | None:
    (router,) = parse(json.dumps(entry(version=2, authentication=by_file(path)))).virtual_routers
    (instance,) = instances(router)
    return instance.password


@pytest.mark.parametrize(
    ("content", "password"),
    [
        (b"hunter2", b"hunter2"),
        (b"hunter2\n", b"hunter2"),
        (b"hunter2\r\n", b"hunter2"),
        (b" two words ", b" two words "),
        (b"longer than eight bytes\n", b"longer than eight bytes"),
        ("ä".encode(), "ä".encode()),
        (b"x" * 1024, b"x" * 1024),
    ],
)
def test_a_password_is_all_of_its_file_but_the_line_break_at_the_end(
    file: Path, content: bytes, password: bytes
) -> None:
    file.write_bytes(content)
    assert password_of(file) == Secret(password)


@pytest.mark.parametrize("mode", [0o400, 0o600, 0o640, 0o440])
def test_its_group_may_read_it(file: Path, mode: int) -> None:
    file.chmod(mode)
    assert password_of(file) == Secret(b"hunter2")


@pytest.mark.parametrize("mode", [0o604, 0o602, 0o601, 0o620, 0o644, 0o666])
def test_a_file_that_others_may_read_or_change_is_refused(file: Path, mode: int) -> None:
    file.chmod(mode)
    assert said(by_file(file)).endswith(
        f" may be read or changed by others (mode {mode:04o}); allowed: a file with a password of at least 1 byte;"
        " chmod 0600, or 0640"
    )


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\n", "is empty"),
        (b"one\ntwo\n", "contains a zero byte or several lines"),
        (b"\0", "contains a zero byte or several lines"),
        (b"x" * 1025, "has more than 1024 bytes"),
    ],
)
def test_what_is_no_password_is_refused_and_not_shown(file: Path, content: bytes, words: str) -> None:
    file.write_bytes(content)
    line = said(by_file(file))
    assert line.startswith("authentication.password.file: ")
    assert f" {words}; allowed: " in line
    assert "one" not in line.removeprefix("authentication")


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    assert "cannot be read: No such file or directory" in said(by_file(tmp_path / "absent"))
    assert "is not a file" in said(by_file(tmp_path))
    assert "is not a file" in said(by_file(tmp_path / "pipe"))
    assert "is not a file" in said(by_file("/dev/null"))
    assert "cannot be read" in said(by_file("/" + "x" * 5000))


def test_a_credential_of_the_unit_is_found_in_its_directory(file: Path) -> None:
    source = Source("credential", file.name)
    assert read_secret(source, {"CREDENTIALS_DIRECTORY": str(file.parent)}) == Secret(b"hunter2")
    found = read_secret(source, {})
    assert isinstance(found, Complaint)
    assert found.message == "is not there, because systemd did not start this program"


def test_a_credential_is_read_where_the_environment_says(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(file.parent))
    given = entry(version=2, authentication={"method": "password", "password": {"credential": "password"}})
    (router,) = parse(json.dumps(given)).virtual_routers
    assert router.authentication == Password(Source("credential", "password"), Secret(b"hunter2"))


@pytest.mark.parametrize(
    ("value", "line"),
    [
        (
            "hunter2",
            f"is a string, not an object; allowed: {FORM}; a secret is never in the configuration itself",
        ),
        (7, f"7 is a number, not an object; allowed: {FORM}"),
        ([], f"[] is a list, not an object; allowed: {FORM}"),
    ],
)
def test_it_is_an_object_and_a_secret_that_stands_there_is_not_shown(value: Any, line: str) -> None:
    assert said(value) == f"authentication: {line}"


@pytest.mark.parametrize(
    ("value", "place", "words"),
    [
        (
            "hunter2",
            "",
            f"is a string, not an object; allowed: {SOURCE}; a secret is never in the configuration itself",
        ),
        (None, "", f"null is null, not an object; allowed: {SOURCE}"),
        ({}, "", f"{{}} does not say where the secret is; allowed: {SOURCE}"),
        ({"path": "/x"}, "", f"{{...}} does not say where the secret is; allowed: {SOURCE}"),
        ({"file": "/x", "credential": "x"}, "", f"{{...}} does not say where the secret is; allowed: {SOURCE}"),
        ({"file": 7}, ".file", f"7 is a number, not a string; allowed: {SOURCE}"),
        ({"file": "keys/x"}, ".file", f'"keys/x" cannot be the absolute path of a file; allowed: {SOURCE}'),
        ({"file": "/a\0b"}, ".file", f'"/a\\u0000b" cannot be the absolute path of a file; allowed: {SOURCE}'),
        ({"credential": ".."}, ".credential", f'".." cannot be the name of a credential; allowed: {SOURCE}'),
        ({"credential": "a/b"}, ".credential", f'"a/b" cannot be the name of a credential; allowed: {SOURCE}'),
        ({"credential": ""}, ".credential", f'"" cannot be the name of a credential; allowed: {SOURCE}'),
    ],
)
def test_a_secret_is_in_a_file_or_a_credential(value: Any, place: str, words: str) -> None:
    assert said({"method": "password", "password": value}) == f"authentication.password{place}: {words}"


def test_the_keys_of_the_object_are_checked_like_all_others(file: Path) -> None:
    assert complaints(entry(version=2, authentication={"method": "password", "pasword": 1})) == [
        '$.authentication.pasword: unknown key; did you mean "password"?'
    ]
    assert said({**by_file(file), "method": "md5"}) == (
        f'authentication.method: "md5" is not one of the allowed values; allowed: {METHODS}'
    )
    assert said({**by_file(file), "method": "hmac"}) == (
        f'authentication.method: "hmac" is not one of the allowed values; allowed: {METHODS};'
        ' did you mean "hmac_sha256"?'
    )
    assert said({**by_file(file), "method": 7}) == (
        f"authentication.method: 7 is a number, not a string; allowed: {METHODS}"
    )
    assert said({"password": {"file": str(file)}}) == f"authentication.method: missing; allowed: {METHODS}"
    assert said({"auth_type": "PASS", "auth_pass": "hunter2"}) == (
        f"authentication.method: missing; allowed: {METHODS};"
        ' with version 2, write {"method": "password", "password": {"file": "/PATH"}}'
    )
    twice = json.dumps(entry(version=2, authentication=by_file(file))).replace('"method"', '"method": 1, "method"')
    assert complaints(twice) == ["$.authentication.method: the key occurs more than once; allowed: once"]


@pytest.mark.parametrize("changes", [{}, {"version": 3}, {"version": 3, "with_version_2": True}])
def test_version_3_has_no_password(file: Path, changes: Mapping[str, Any]) -> None:
    assert complaint(**changes, authentication=by_file(file)) == (
        "authentication: a password needs version 2; allowed: none with version 3, or method hmac_sha256"
    )


def test_with_another_mistake_in_the_entry_the_file_is_still_looked_at(tmp_path: Path) -> None:
    lines = complaints(entry(version=2, vrid=0, authentication=by_file(tmp_path / "absent")))
    assert [line.partition(":")[0] for line in lines] == ["$.vrid", "$.authentication.password.file"]


def test_a_router_that_is_built_in_code_reads_its_password_and_takes_what_was_read(file: Path) -> None:
    router = built(by_file(file))
    assert router.authentication == Password(Source("file", str(file)), Secret(b"hunter2"))
    file.unlink()
    assert built(router.authentication) == router
    with pytest.raises(ConfigError, match=r"authentication\.password\.file: .* cannot be read"):
        built(by_file(file))


def test_nothing_that_is_printed_of_it_shows_it(file: Path) -> None:
    router = built(by_file(file))
    assert "hunter2" not in repr(router)
    assert "hunter2" not in repr(instances(router))
    assert router.authentication is not None
    assert router.authentication.written() == by_file(file)


def test_whoever_needs_no_secrets_reads_none(tmp_path: Path) -> None:
    path = tmp_path / "vrrp-config.json"
    path.write_text(json.dumps(entry(version=2, authentication=by_file(tmp_path / "absent"))))
    assert load(path, read_secret=not_read).virtual_routers[0].authentication is not None
    with pytest.raises(ConfigError):
        load(path)


def test_null_is_none() -> None:
    (router,) = parse(json.dumps(entry(authentication=None))).virtual_routers
    assert router.authentication is None


def test_the_mode_that_is_told_is_the_file_s(file: Path) -> None:
    file.chmod(0o4755)
    assert f"(mode {stat.S_IMODE(file.stat().st_mode):04o})" in said(by_file(file))
