"""Whom a process of root becomes."""

import os
import re
from pathlib import Path

import pytest

from failover.linux.confinement import users
from failover.linux.confinement.users import NOBODY, User, unprivileged

LISTED = """root:x:0:0:root:/root:/bin/sh
toor:x:0:0::/root:/bin/sh
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
broken line
strange:x:many:0::/:
vrrp:x:4711:4712::/:/usr/sbin/nologin
vrrp:x:1:1:again::
"""


@pytest.fixture
def passwd(tmp_path: Path) -> Path:
    path = tmp_path / "passwd"
    path.write_text(LISTED)
    return path


def test_by_default_it_is_the_package_s_user_else_nobody(passwd: Path) -> None:
    assert unprivileged("", passwd) == NOBODY
    passwd.write_text(f"{LISTED}failover:x:998:997::/:\n")
    assert unprivileged("", passwd) == User(998, 997)
    passwd.write_text("failover:x:0:0::/:\n")
    assert unprivileged("", passwd) == NOBODY, "not root, whatever it is called"


def test_where_no_user_is_listed_it_is_nobody_all_the_same(tmp_path: Path) -> None:
    assert unprivileged("", tmp_path / "none") == NOBODY


@pytest.mark.parametrize(
    ("name", "expected"),
    [("vrrp", User(4711, 4712)), ("4711", User(4711, 4712)), ("65100", User(65100, 65100)), ("nobody", NOBODY)],
)
def test_a_configured_one_is_taken_by_name_or_number(passwd: Path, name: str, expected: User) -> None:
    assert unprivileged(name, passwd) == expected


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("toor", 'agent_user: "toor" is root'),
        ("0", 'agent_user: "0" is root'),
        ("strange", 'has no user "strange"'),
        ("vrr", 'has no user "vrr"'),
        ("4294967295", 'has no user "4294967295"'),
    ],
)
def test_root_and_unknown_ones_are_refused(passwd: Path, name: str, message: str) -> None:
    with pytest.raises(OSError, match=re.escape(message)):
        unprivileged(name, passwd)


def test_it_travels_as_text() -> None:
    assert users.parse(str(User(1, 2))) == User(1, 2)
    with pytest.raises(ValueError, match="invalid literal"):
        users.parse("nobody")


def test_who_is_not_root_stays_and_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 65534)
    assert users.of_children() == (None, None)
    assert users.of_children("65534") == (None, None)
    user, warning = users.of_children("4711")
    assert user is None
    assert warning == "agent_user 4711: the agent stays user 65534, because the daemon was not started as root"
    assert users.of_children("no-such-user")[1] is not None
