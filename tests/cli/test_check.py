"""`failover check`: what it says of a configuration, alone and against a host's interfaces."""

import json
import os
from ipaddress import IPv4Interface, IPv6Interface, ip_interface
from pathlib import Path
from typing import Any, Final

import pytest
from msgspec.structs import replace

from failover import config
from failover.cli import main, preview
from failover.cli.commands import check
from failover.linux.interfaces.table import Interface
from failover.linux.netlink.rtnetlink import ADDRESS_PROTOCOL, AssignedAddress
from failover.vrrp import Fault
from tests.cli.commands import failover


def interface(*addresses: str, tagged: tuple[str, ...] = (), up: bool = True) -> Interface:
    assigned = [_assigned(address, 0) for address in addresses]
    assigned += [_assigned(address, ADDRESS_PROTOCOL) for address in tagged]
    return Interface(2, "eth0", bytes(6), up, up, 1500, None, tuple(assigned))


def _assigned(text: str, protocol: int) -> AssignedAddress:
    address = ip_interface(text)
    assert isinstance(address, IPv4Interface | IPv6Interface)
    return AssignedAddress(address, 0, 253 if address.ip.is_link_local else 0, protocol)


def previews(here: Interface | None, **changes: Any) -> list[preview.Preview]:
    entry: dict[str, Any] = {"vrid": 51, "interface_name": "eth0", "ip_addresses": ["192.0.2.100/24"], **changes}
    loaded = config.Configuration(virtual_routers=(config.VirtualRouter(**entry),))
    return preview.preview(loaded, {"eth0": here} if here else {})


def test_a_router_that_can_run_is_described_in_full() -> None:
    (one,) = previews(interface("192.0.2.1/24"), priority=101, name="GW", excluded_ip_addresses=["192.0.2.9/24"])
    assert check.text(one).splitlines() == [
        "GW (ipv4): VRID 51 on eth0, VRRP version 3",
        "  addresses  192.0.2.100/24",
        "  also held  192.0.2.9/24 (not advertised)",
        "  priority   101, takes over from a MASTER with a lower priority",
        "  MASTER     advertises every 1 s",
        "  BACKUP     takes over after 3.6055 s without an advertisement (3 x 1 s + skew 0.6055 s)",
        "  now        would send from 192.0.2.1",
    ]


@pytest.mark.parametrize(
    ("lifetime", "words"),
    [
        (0, "0 seconds: this host uses another source for its own connections, if it has one"),
        ("forever", "forever: this host may use these addresses as the source of its own connections"),
    ],
)
def test_what_this_host_may_use_ipv6_addresses_for_is_said(lifetime: Any, words: str) -> None:
    both = previews(
        interface("192.0.2.1/24"), ip_addresses=["192.0.2.100/24", "fe80::100/64"], preferred_lifetime=lifetime
    )
    assert [one.document()["preferred_lifetime"] for one in both] == [None, lifetime]
    assert f"  preferred  {words}" in check.text(both[1]).splitlines()
    assert "preferred" not in check.text(both[0])


def test_an_address_owner_has_no_time_as_backup() -> None:
    (one,) = previews(interface("192.0.2.100/24"), priority=255)
    text = check.text(one)
    assert "255, the addresses are this host's own" in text
    assert "BACKUP" not in text
    assert not one.warnings


def test_each_family_is_described_by_itself() -> None:
    both = previews(interface("192.0.2.1/24"), ip_addresses=["192.0.2.100/24", "fe80::100/64"])
    assert [str(one.source) for one in both] == ["192.0.2.1", "None"]
    assert both[0].fault is None
    assert both[1].fault is not None
    assert "now        waits: eth0 has no IPv6 link-local address to send from" in check.text(both[1])


@pytest.mark.parametrize(("here", "reason"), [(None, "interface_missing"), (interface(up=False), "interface_down")])
def test_what_is_wrong_with_the_interface_is_information(here: Interface | None, reason: str) -> None:
    (one,) = previews(here)
    assert one.fault is not None
    assert one.fault.reason == reason
    assert f"waits: {one.fault.detail}" in check.text(one)


def test_a_name_that_is_something_else_is_said_to_be_it() -> None:
    loaded = config.parse(json.dumps({"vrid": 1, "interface_name": "uplink", "ip_addresses": ["192.0.2.100/24"]}))
    eth0 = replace(interface("192.0.2.1/24"), altnames=("uplink",))
    (one,) = preview.preview(loaded, {"eth0": eth0})
    said = "now        waits: interface uplink does not exist; that is an altname of eth0: write eth0"
    assert said in check.text(one)


def test_an_advertisement_that_does_not_fit_the_mtu_would_not_be_sent() -> None:
    addresses = [f"fe80::100:{number:x}/64" for number in range(1, 94)]
    (one,) = previews(interface("fe80::1/64"), ip_addresses=addresses)
    assert one.fault == Fault("mtu_too_small", "an advertisement has 1536 bytes, the MTU of eth0 is 1500")
    (one,) = previews(interface("fe80::1/64"), ip_addresses=addresses[:90])
    assert one.fault is None


def test_virtual_addresses_are_no_source_even_those_of_another_router() -> None:
    entries = [{"vrid": n, "interface_name": "eth0", "ip_addresses": [f"192.0.2.{n}/24"]} for n in (1, 2)]
    loaded = config.parse(json.dumps(entries))
    here = {"eth0": interface("192.0.2.2/24", tagged=("192.0.2.1/24",))}
    assert [one.source for one in preview.preview(loaded, here)] == [None, None]


@pytest.mark.parametrize(
    ("here", "changes", "warning"),
    [
        (interface("192.0.2.1/24", "192.0.2.100/32"), {}, "eth0 already has 192.0.2.100"),
        (
            interface("192.0.2.1/24", "192.0.2.100/32"),
            {},
            "eth0 already has 192.0.2.100, not from this daemon: it would be r",
        ),
        (interface("192.0.2.100/24"), {}, "eth0 already has 192.0.2.100, not from this daemon: it would stay in every"),
        (interface("192.0.2.1/24", tagged=("192.0.2.100/24",)), {}, ""),
        (interface("192.0.2.1/24"), {"priority": 255}, "priority 255 says that 192.0.2.100 is this host's own"),
        (interface("192.0.2.1/24"), {"ip_addresses": ["198.51.100.1/32"]}, "no network of eth0 contains 198.51.100.1"),
        (interface("192.0.2.1/24"), {"ip_addresses": ["192.0.2.100/32"]}, ""),
        (
            interface("192.0.2.1/24"),
            {"ip_addresses": ["198.51.100.1/24"]},
            "198.51.100.1/24 is in none of eth0's subnets (192.0.2.0/24); if this is a typo, correct ip_addresses",
        ),
        (interface("fe80::1/64"), {"ip_addresses": ["fe80::9/64", "2001:db8::1"]}, "no network of eth0 contains 2001"),
    ],
)
def test_what_is_probably_a_mistake_is_warned_of(here: Interface, changes: dict[str, Any], warning: str) -> None:
    (one,) = previews(here, **changes)
    found = [text for text in one.warnings if text.startswith(warning)] if warning else list(one.warnings)
    assert len(found) == len(one.warnings) == bool(warning)
    assert all(f"  warning    {text}" in check.text(one) for text in one.warnings)


UNAUTHENTICATED: Final = dict.fromkeys(
    ("method", "password_is_cut", "mode", "keys", "active_key", "anti_replay", "time_window_seconds")
)


def test_a_password_is_said_to_be_readable_and_to_be_cut(tmp_path: Path) -> None:
    file = tmp_path / "password"
    for content, cut in (("12345678", False), ("123456789", True)):
        file.write_text(content)
        file.chmod(0o600)
        authentication = {"method": "password", "password": {"file": str(file)}}
        for here in (interface("192.0.2.1/24"), None):
            (one,) = previews(here, version=2, authentication=authentication)
            assert one.document()["authentication"] == {**UNAUTHENTICATED, "method": "password", "password_is_cut": cut}
            text = check.text(one)
            assert "  password   in each advertisement, where anyone on the LAN can read it\n" in text + "\n"
            warning = "the password has more than 8 bytes: only the first 8 are used, as in keepalived"
            assert (warning in one.warnings) is cut
            assert "12345678" not in text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "by key 2; of others demanded, by keys 1, 2; clocks must agree within 5 s"),
        ({"mode": "permissive"}, "by key 2; of others not demanded, by keys 1, 2; clocks must agree within 5 s"),
        ({"mode": "receive_only", "anti_replay": "sequence"}, "not by this host; of others not demanded, by keys 1, 2"),
    ],
)
def test_of_signatures_it_says_whether_they_are_made_and_demanded_and_no_key(
    tmp_path: Path, changes: dict[str, Any], words: str
) -> None:
    keys = {"1": "01" * 32, "2": "ab" * 64}
    for name, content in keys.items():
        (tmp_path / name).touch(0o600)
        (tmp_path / name).write_text(content)
    sources = {name: {"file": str(tmp_path / name)} for name in keys}
    authentication = {"method": "hmac_sha256", "keys": sources, "active_key": 2, **changes}
    (one,) = previews(interface("192.0.2.1/24"), authentication=authentication)
    assert one.document()["authentication"] == {
        "method": "hmac_sha256",
        "password_is_cut": None,
        "mode": changes.get("mode", "enforce"),
        "keys": [1, 2],
        "active_key": 2,
        "anti_replay": changes.get("anti_replay", "time"),
        "time_window_seconds": None if "anti_replay" in changes else 5.0,
    }
    assert f"  signed     {words}\n" in check.text(one) + "\n"
    assert not any(content in json.dumps(one.document()) + check.text(one) for content in keys.values())


def test_the_json_form_says_the_same_under_the_names_of_status() -> None:
    (one,) = previews(None, version=2, priority=254)
    assert one.document() == {
        "name": "VR_51",
        "family": "ipv4",
        "vrid": 51,
        "interface": "eth0",
        "version": 2,
        "priority": 254,
        "track": [],
        "preempt_mode": True,
        "advertisement_interval_seconds": 1.0,
        "skew_time_seconds": 0.0078125,
        "master_down_interval_seconds": 3.0078125,
        "addresses": ["192.0.2.100/24"],
        "excluded_addresses": [],
        "accept_mode": True,
        "preferred_lifetime": None,
        "authentication": None,
        "source": None,
        "destinations": ["224.0.0.18"],
        "hop_limit": 255,
        "fault": {"reason": "interface_missing", "detail": "interface eth0 does not exist"},
        "warnings": [],
    }


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "vrrp-config.json"
    path.write_text(config.sample())
    return path


def test_the_sample_is_good(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(file)]) == 0
    said = capsys.readouterr()
    assert said.out.startswith(
        f"{file}: no errors, 1 virtual router\n\nVR_1 (ipv4): VRID 51 on edit-this-file, VRRP version 3\n"
    )
    assert said.err == ""


def test_without_a_file_it_is_the_one_that_run_takes(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SNAP_COMMON", str(file.parent))
    assert main(["check", "--json"]) == 0
    assert [one["name"] for one in json.loads(capsys.readouterr().out)["virtual_routers"]] == ["VR_1"]


def test_a_bad_file_is_reported_with_everything_that_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bad.json"
    path.write_text('{"vrid": 0, "interface_name": "eth0", "ip_addresses": []}')
    assert main(["check", str(path)]) == 3
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.splitlines() == [
        f"failover: {path}: 2 problems",
        "  $.vrid: 0 is out of range; allowed: 1 to 255",
        '  $.ip_addresses: [] lists no address; allowed: at least one; or set "no_ip_addresses": true',
    ]


@pytest.mark.parametrize(
    ("text", "paths", "words"),
    [
        (b'{"vrid": 300, "interface_name": "eth0", "ip_addresses": ["192.0.2.100/24"]}', ["$.vrid"], "out of range"),
        (b'[{"vrid": 1}, {"vrid": 2}]', ["$[0]", "$[0]", "$[1]", "$[1]"], "missing"),
        (b'{"vrid": 1,,', ["line 1"], "not JSON"),
        (b"", [""], "empty"),
        (b"\xff", [""], "not UTF-8"),
        (None, [""], "cannot be read: No such file or directory"),
    ],
)
def test_with_json_errors_are_json_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: bytes | None, paths: list[str], words: str
) -> None:
    path = tmp_path / "bad.json"
    if text is not None:
        path.write_bytes(text)
    assert main(["check", "--json", str(path)]) == 3
    said = capsys.readouterr()
    document = json.loads(said.out)
    assert said.err == ""
    assert set(document) == {"file", "errors", "virtual_routers", "trackers", "daemon"}
    assert (document["file"], document["virtual_routers"], document["daemon"]) == (str(path), [], None)
    assert len(document["errors"]) == len(paths)
    assert all(error["path"].startswith(start) for error, start in zip(document["errors"], paths, strict=True))
    assert all(words in error["text"] and words in error["message"] for error in document["errors"])
    assert main(["check", str(path)]) == 3
    report = capsys.readouterr().err.splitlines()[1:]
    assert report[: len(paths)] == [f"  {error['text']}" for error in document["errors"]]


def test_an_error_has_the_parts_of_its_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "bad.json"
    path.write_text('{"vrid": 0, "interfac_name": "eth0", "interface_name": "eth0", "ip_addresses": ["192.0.2.1/24"]}')
    main(["check", "--json", str(path)])
    assert json.loads(capsys.readouterr().out)["errors"] == [
        {
            "path": "$.interfac_name",
            "value": "",
            "message": "unknown key",
            "allowed": "",
            "suggestion": 'did you mean "interface_name"?',
            "text": '$.interfac_name: unknown key; did you mean "interface_name"?',
        },
        {
            "path": "$.vrid",
            "value": "0",
            "message": "is out of range",
            "allowed": "1 to 255",
            "suggestion": None,
            "text": "$.vrid: 0 is out of range; allowed: 1 to 255",
        },
    ]


def test_a_good_file_has_no_errors_in_the_same_document(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--json", str(file)]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["file"], document["errors"]) == (str(file), [])
    assert set(document["daemon"]) == {"agent"}
    assert [one["name"] for one in document["virtual_routers"]] == ["VR_1"]


def test_a_file_whose_name_is_no_utf_8_is_json_nevertheless(tmp_path: Path) -> None:
    done = failover("check", "--json", os.fsdecode(os.fsencode(tmp_path) + b"/\xff.json"))
    assert done.returncode == 3
    assert json.loads(done.stdout)["file"] == f"{tmp_path}/?.json"


def test_a_file_is_checked_even_where_interfaces_cannot_be_listed(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse() -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(preview, "interfaces", refuse)
    assert main(["check", str(file)]) == 0
    said = capsys.readouterr()
    assert "  now " not in said.out
    assert said.err == "failover: this host's interfaces cannot be listed: Operation not permitted\n"
