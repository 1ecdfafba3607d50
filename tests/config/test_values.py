"""Single settings: every wrong value is named with what is allowed."""

import json
from pathlib import Path
from typing import Any

import pytest

from failover.config import schema
from failover.config.checking.addresses import ADDRESS_FORM
from failover.vrrp.protocol import Version
from failover.vrrp.router import ChecksumPolicy
from tests.config.documents import ABSENT, accepted, complaint, complaints, entry
from tests.rfc.marks import negative, positive

VRID = "allowed: 1 to 255"
PRIORITY = "allowed: 1 to 254, or 255 for the owner of the addresses"
INTERVAL = "allowed: 0.01 to 40.95 in steps of 0.01; with version 2 whole seconds, 1 to 255"
INTERFACE = "allowed: 1 to 15 bytes without spaces, / or :"
LISTED = "`ip -br link` lists the names of this host's interfaces"
NAME = "allowed: 1 to 128 printable characters, unique in the file"
LIST = 'allowed: a list of "ADDRESS/LENGTH", or "ADDRESS" for a /32 or /128; 1 to 255 of each family'
LOOKED_UP = "names are not resolved: write an address"
ESCAPED_E = r"\u00e9"
ADDRESS = 'allowed: "ADDRESS/LENGTH", or "ADDRESS" for a /32 or /128'


@pytest.mark.parametrize(
    ("value", "line"),
    [
        pytest.param(0, f"vrid: 0 is out of range; {VRID}", marks=negative("R-013")),
        pytest.param(256, f"vrid: 256 is out of range; {VRID}", marks=negative("R-013")),
        (-1, f"vrid: -1 is out of range; {VRID}"),
        (True, f"vrid: true is a boolean, not a whole number; {VRID}"),
        ("51", f'vrid: "51" is a string, not a whole number; {VRID}; did you mean 51?'),
        ("fifty", f'vrid: "fifty" is a string, not a whole number; {VRID}'),
        ("\ud800", f'vrid: "\\ud800" is a string, not a whole number; {VRID}'),
        (51.5, f"vrid: 51.5 is not a whole number; {VRID}"),
        (51.0, f"vrid: 51.0 is not a whole number; {VRID}; did you mean 51?"),
        (None, f"vrid: null is not a value; {VRID}"),
        ([51], f"vrid: [...] is a list, not a whole number; {VRID}; did you mean 51?"),
        ({}, f"vrid: {{}} is an object, not a whole number; {VRID}"),
        (10**19, f"vrid: {10**19} is out of range; {VRID}"),
        (10**70, f"vrid: {'1' + '0' * 59}... is out of range; {VRID}"),
        (float("nan"), f"vrid: NaN is not a JSON number; {VRID}"),
        pytest.param(ABSENT, f"vrid: missing; {VRID}", marks=negative("R-013")),
    ],
)
def test_a_vrid_that_is_not_1_to_255_is_refused(value: Any, line: str) -> None:
    assert complaint(vrid=value) == line


@positive("R-013")
@pytest.mark.parametrize("vrid", [1, 51, 255])
def test_a_vrid_of_1_to_255_is_accepted(vrid: int) -> None:
    assert accepted(vrid=vrid).vrid == vrid


@negative("R-015")
@pytest.mark.parametrize("priority", [0, 256, -1])
def test_a_priority_that_is_not_1_to_255_is_refused(priority: int) -> None:
    assert complaint(priority=priority) == f"priority: {priority} is out of range; {PRIORITY}"


@positive("R-015", "M-014")
@pytest.mark.parametrize("priority", [1, 100, 254])
def test_a_priority_of_1_to_254_is_accepted(priority: int) -> None:
    assert accepted(priority=priority).priority == priority


@pytest.mark.parametrize(
    ("value", "line"),
    [
        (0, f"advert_interval: 0 is out of range; {INTERVAL}"),
        (-0.5, f"advert_interval: -0.5 is out of range; {INTERVAL}"),
        (0.009, f"advert_interval: 0.009 is out of range; {INTERVAL}"),
        (256, f"advert_interval: 256 is out of range; {INTERVAL}"),
        (float("inf"), f"advert_interval: Infinity is not a JSON number; {INTERVAL}"),
        (True, f"advert_interval: true is a boolean, not a number; {INTERVAL}"),
        ("0.5", f'advert_interval: "0.5" is a string, not a number; {INTERVAL}; did you mean 0.5?'),
    ],
)
def test_an_interval_outside_every_version_is_refused(value: Any, line: str) -> None:
    assert complaint(advert_interval=value) == line


def test_a_number_that_no_machine_number_holds_is_refused() -> None:
    assert complaints('{"vrid": 1, "interface_name": "e", "ip_addresses": [1e999], "advert_interval": 1e999}') == [
        f"$.ip_addresses[0]: 1e999 is out of range; {ADDRESS}",
        f"$.advert_interval: 1e999 is out of range; {INTERVAL}",
    ]


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ("true", 'preempt_mode: "true" is a string, not true or false; allowed: true or false; did you mean true?'),
        (1, "preempt_mode: 1 is a number, not true or false; allowed: true or false; did you mean true?"),
        (None, "preempt_mode: null is not a value; allowed: true or false; leave the key out"),
    ],
)
def test_a_flag_is_true_or_false_and_nothing_like_it(value: Any, line: str) -> None:
    assert complaint(preempt_mode=value) == line


@pytest.mark.parametrize(
    ("value", "rest"),
    [
        (1, "1 is not one of the allowed values"),
        (-1, "-1 is not one of the allowed values"),
        (0.5, "0.5 is not one of the allowed values"),
        (False, "false is not one of the allowed values"),
        ([], "[] is not one of the allowed values"),
        ("0", '"0" is not one of the allowed values'),
        ("for ever", '"for ever" is not one of the allowed values'),
        (None, "null is not a value"),
    ],
)
def test_a_preferred_lifetime_is_none_or_forever(value: Any, rest: str) -> None:
    hints = {"0": "; did you mean 0?", "for ever": '; did you mean "forever"?'}
    hint = "; leave the key out" if value is None else hints.get(value, "") if isinstance(value, str) else ""
    allowed = 'allowed: 0, or "forever" with an IPv6 address'
    assert (
        complaint(preferred_lifetime=value, ip_addresses=["fe80::1"]) == f"preferred_lifetime: {rest}; {allowed}{hint}"
    )


@pytest.mark.parametrize(
    ("value", "line"),
    [
        (1, "version: 1 is out of range; allowed: 2 or 3"),
        (4, "version: 4 is out of range; allowed: 2 or 3"),
        (True, "version: true is a boolean, not a whole number; allowed: 2 or 3"),
        ("3", 'version: "3" is a string, not a whole number; allowed: 2 or 3; did you mean 3?'),
    ],
)
def test_a_version_is_2_or_3(value: Any, line: str) -> None:
    assert complaint(version=value) == line


@pytest.mark.parametrize(
    ("value", "line"),
    [
        (
            "pseudo",
            (
                'checksum: "pseudo" is not one of the allowed values; allowed: "auto", "rfc9568" or "pseudo_header";'
                ' did you mean "pseudo_header"?'
            ),
        ),
        ("md5", 'checksum: "md5" is not one of the allowed values; allowed: "auto", "rfc9568" or "pseudo_header"'),
        (
            "\ud800",
            'checksum: "\\ud800" is not one of the allowed values; allowed: "auto", "rfc9568" or "pseudo_header"',
        ),
        (9568, 'checksum: 9568 is a number, not a string; allowed: "auto", "rfc9568" or "pseudo_header"'),
    ],
)
def test_a_checksum_is_one_of_three(value: Any, line: str) -> None:
    assert complaint(checksum=value) == line


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ("", f'interface_name: "" is empty; {INTERFACE}'),
        *(
            (
                name,
                (
                    f'interface_name: "{shown}" is too long for the name of an interface; {INTERFACE};'
                    f" an altname cannot be used; {LISTED}"
                ),
            )
            for name, shown in (
                ("a" * 16, "a" * 16),
                ("\u00e9" * 8, ESCAPED_E * 8),
                ("enx0200000000001", "enx0200000000001"),
            )
        ),
        *(
            (name, f'interface_name: "{name}" is a MAC address; {INTERFACE}; {LISTED}')
            for name in ("02:00:00:00:00:01", "02-00-00-00-AA-01")
        ),
        *(
            (
                f"{name}@{peer}",
                (
                    f'interface_name: "{name}@{peer}" has what `ip` shows of an interface\'s peer; {INTERFACE};'
                    f' did you mean "{name}"?'
                ),
            )
            for name, peer in (
                ("eth0", "if5"),
                ("eth0", "if5:"),
                ("br-1a2b3c4d5e6f", "if12345"),
                ("enp0s31f6.100", "enp0s31f6"),
                ("eth0.100", "eth0:"),
            )
        ),
        (
            "7: eth0.100@eth0: <UP>",
            (
                f'interface_name: "7: eth0.100@eth0: <UP>" has what `ip` shows of an interface\'s peer; {INTERFACE};'
                ' did you mean "eth0.100"?'
            ),
        ),
        *(
            (
                text,
                (
                    f'interface_name: "{text}" has what `ip` shows beside an interface\'s name; {INTERFACE};'
                    ' did you mean "eth0"?'
                ),
            )
            for text in ("2: eth0", "2: eth0:", "eth0:", "12:  eth0: <BROADCAST,UP> mtu 1500")
        ),
        (
            f"{'a' * 16}@eth0",
            (
                f'interface_name: "{"a" * 16}@eth0" is too long for the name of an interface; {INTERFACE};'
                f" an altname cannot be used; {LISTED}"
            ),
        ),
        (".@if5", f'interface_name: ".@if5" cannot be the name of an interface; {INTERFACE}'),
        ("2: a/b", f'interface_name: "2: a/b" cannot be the name of an interface; {INTERFACE}'),
        ("fe80::7", f'interface_name: "fe80::7" cannot be the name of an interface; {INTERFACE}'),
        ("a/b", f'interface_name: "a/b" cannot be the name of an interface; {INTERFACE}'),
        ("a b", f'interface_name: "a b" cannot be the name of an interface; {INTERFACE}'),
        ("a\t", f'interface_name: "a\\t" cannot be the name of an interface; {INTERFACE}; did you mean "a"?'),
        ("\ud800", f'interface_name: "\\ud800" cannot be the name of an interface; {INTERFACE}'),
        (".", f'interface_name: "." cannot be the name of an interface; {INTERFACE}'),
        ("..", f'interface_name: ".." cannot be the name of an interface; {INTERFACE}'),
        (
            "eth0:1",
            (
                f'interface_name: "eth0:1" cannot be the name of an interface; {INTERFACE};'
                ' the interface of that alias is "eth0"'
            ),
        ),
        (
            "br-lan.7:0",
            (
                f'interface_name: "br-lan.7:0" cannot be the name of an interface; {INTERFACE};'
                ' the interface of that alias is "br-lan.7"'
            ),
        ),
        (
            "\u00e9:1",
            (
                f'interface_name: "{ESCAPED_E}:1" cannot be the name of an interface; {INTERFACE};'
                f' the interface of that alias is "{ESCAPED_E}"'
            ),
        ),
    ],
)
def test_an_interface_name_that_the_kernel_would_not_give_is_refused(value: str, line: str) -> None:
    assert complaint(interface_name=value) == line


@pytest.mark.parametrize(
    "name",
    ["lo", "eth0.100", "br-1a2b3c4d5e6f", "wlp0s20f3", "veth@x", "-", "\u00e9" * 7, "fab0.1000.2000", "fab010002000"],
)
def test_an_interface_name_that_the_kernel_would_give_is_accepted(name: str) -> None:
    assert accepted(interface_name=name).interface_name == name


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ("", f'name: "" is empty; {NAME}'),
        ("a\nb", f'name: "a\\nb" contains a control character; {NAME}'),
        ("\udc80", f'name: "\\udc80" contains a control character; {NAME}'),
        (" a", f'name: " a" begins or ends with a space; {NAME}; did you mean "a"?'),
        (" \u00e9", f'name: " {ESCAPED_E}" begins or ends with a space; {NAME}; did you mean "{ESCAPED_E}"?'),
        (" ", f'name: " " begins or ends with a space; {NAME}'),
        ("n" * 129, f'name: "{"n" * 59}... is too long; {NAME}'),
        (51, f'name: 51 is a number, not a string; {NAME}; did you mean "51"?'),
    ],
)
def test_a_name_that_would_spoil_a_log_line_is_refused(value: Any, line: str) -> None:
    assert complaint(name=value) == line


@pytest.mark.parametrize("name", ["VR_1", "gateway of the lab", "\u7db2\u95dc", "n" * 128])
def test_any_printable_name_is_accepted(name: str) -> None:
    assert accepted(name=name).name == name


@pytest.mark.parametrize(
    ("value", "line"),
    [
        (
            "10.0.0.1/24",
            f'ip_addresses: "10.0.0.1/24" is a string, not a list; {LIST}; did you mean ["10.0.0.1/24"]?',
        ),
        ("gateway", f'ip_addresses: "gateway" is a string, not a list; {LIST}'),
        ([], 'ip_addresses: [] lists no address; allowed: at least one; or set "no_ip_addresses": true'),
        (ABSENT, f"ip_addresses: missing; {LIST}"),
        ([1], f"ip_addresses[0]: 1 is a number, not a string; {ADDRESS}"),
        ([None], f"ip_addresses[0]: null is not a value; {ADDRESS}"),
        (
            ["10.0.0.1", "x"],
            f'ip_addresses[1]: "x" is not an IP address; {ADDRESS}; {LOOKED_UP}',
        ),
    ],
)
def test_addresses_that_are_not_a_list_of_strings_are_refused(value: Any, line: str) -> None:
    assert complaint(ip_addresses=value) == line


def test_no_excluded_address_is_no_problem() -> None:
    assert accepted(excluded_ip_addresses=[]).excluded_ip_addresses == ()


def test_every_wrong_setting_is_reported_at_once() -> None:
    wrong = entry(vrid=0, interface_name="", ip_addresses=["x", "y"], priority="1", checksum=3, version=9, name=None)
    assert [line.partition(":")[0] for line in complaints(wrong)] == [
        "$.name",
        "$.vrid",
        "$.interface_name",
        "$.ip_addresses[0]",
        "$.ip_addresses[1]",
        "$.priority",
        "$.version",
        "$.checksum",
    ]


def test_enumerations_arrive_as_the_types_of_the_protocol() -> None:
    assert accepted(version=2).version is Version.V2
    assert accepted(checksum="rfc9568").checksum is ChecksumPolicy.MESSAGE


@pytest.mark.parametrize(
    ("setting", "value", "meant"),
    [
        ("vrid", 51.0, "51"),
        ("vrid", 300.0, None),
        ("vrid", 51.5, None),
        ("vrid", 1e300, None),
        ("vrid", "51.0", "51"),
        ("vrid", " 51 ", "51"),
        ("vrid", "0x33", "51"),
        ("vrid", "0", None),
        ("vrid", "51s", None),
        ("vrid", ["51"], None),
        ("priority", "100", "100"),
        ("priority", 254.0, "254"),
        ("version", 3.0, "3"),
        ("version", "v3", "3"),
        ("version", "VRRPv2", "2"),
        ("version", "4", None),
        ("preempt_mode", "yes", "true"),
        ("preempt_mode", "Off", "false"),
        ("preempt_mode", "True", "true"),
        ("preempt_mode", "1", "true"),
        ("preempt_mode", 0, "false"),
        ("preempt_mode", 2, None),
        ("preempt_mode", "perhaps", None),
        ("advert_interval", "1s", "1"),
        ("advert_interval", "1 sec", "1"),
        ("advert_interval", "100ms", "0.1"),
        ("advert_interval", "10 cs", "0.1"),
        ("advert_interval", "0,5", "0.5"),
        ("advert_interval", "1 h", None),
        ("advert_interval", "9" * 400, None),
        ("name", 51, '"51"'),
        ("name", True, None),
        ("interface_name", ["eth0"], '"eth0"'),
        ("interface_name", ["eth0", "eth1"], None),
        ("interface_name", " eth0 ", '"eth0"'),
        ("checksum", ["auto"], '"auto"'),
        ("preferred_lifetime", "0", "0"),
        ("ip_addresses", "10.0.0.1/24, 10.0.0.2", '["10.0.0.1/24", "10.0.0.2"]'),
        ("ip_addresses", "10.0.0.1 fe80::1/64", '["10.0.0.1", "fe80::1/64"]'),
        ("ip_addresses", "10.0.0.1, gateway", None),
        ("ip_addresses", "10.0.0.1 " * 1000, None),
        ("ip_addresses", [{"address": "10.0.0.1/24"}], '"10.0.0.1/24"'),
        ("ip_addresses", [{"ip": "10.0.0.1", "prefix": 24}], '"10.0.0.1/24"'),
        ("ip_addresses", [{"ip": "10.0.0.1", "netmask": "255.255.0.0"}], '"10.0.0.1/16"'),
        ("ip_addresses", [{"ip": "10.0.0.1", "dev": "eth0"}], '"10.0.0.1"'),
        ("ip_addresses", [{"vrid": 51}], None),
    ],
)
def test_another_spelling_of_a_good_value_is_answered_with_the_good_one(
    setting: str, value: Any, meant: str | None
) -> None:
    line = complaint(**{setting: value})
    assert line.partition("did you mean ")[2].removesuffix("?") == (meant or "")
    if meant is not None:
        # What is recommended is taken.
        taken = json.loads(meant)
        accepted(**{setting: [taken] if setting == "ip_addresses" and isinstance(taken, str) else taken})


@pytest.mark.parametrize(("value", "meant"), [(1000, "1"), (2500, "2.5"), (100_000, "100"), (1_000_000, ""), (256, "")])
def test_milliseconds_are_answered_with_seconds(value: int, meant: str) -> None:
    line = complaint(advert_interval=value)
    assert line.partition("; it is in seconds: did you mean ")[2].removesuffix("?") == meant


def test_an_address_without_a_length_is_ruled_by_the_same_words_everywhere() -> None:
    taken = accepted(ip_addresses=["10.0.0.1", "fe80::1"]).ip_addresses
    assert [str(one) for one in taken] == ["10.0.0.1/32", "fe80::1/128"]
    root = Path(__file__).parents[2]
    texts = {str(path.relative_to(root)): path.read_text() for path in (root / "docs").rglob("*.md")}
    texts["README.md"] = (root / "README.md").read_text()
    texts |= {"report": complaint(ip_addresses=["x"]) + complaint(ip_addresses=1), "schema": str(schema()["$defs"])}
    stated = {place for place, text in texts.items() if ADDRESS_FORM in text.replace("\\'", "'")}
    assert stated >= {
        *("README.md", "report", "schema"),
        *("docs/reference/configuration.md", "docs/man/vrrp-config.json.5.md", "docs/howto/from-keepalived.md"),
        *("docs/reference/commands.md", "docs/man/failover.1.md", "docs/library.md"),
    }
    otherwise = [
        f"{place}: {text}" for place, text in texts.items() if '"ADDRESS/LENGTH"' in text.replace(ADDRESS_FORM, "")
    ]
    assert otherwise == []
