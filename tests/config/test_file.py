"""The file as a whole: its three shapes, unknown keys, default names, and files that cannot be read."""

import errno
import json
import os
from pathlib import Path
from typing import Any

import pytest

from failover.config import ConfigError, Configuration, load, parse, sample
from tests.config.documents import GOOD, complaints, entry

KNOWN_KEYS = (
    "name, vrid, interface_name, ip_addresses, priority, advert_interval, preempt_mode, version,"
    " excluded_ip_addresses, checksum, require_link_local, check_address_list, with_version_2,"
    " source_address, multicast_group, unicast_peers, hop_limit, no_ip_addresses,"
    " preferred_lifetime, accept_mode, authentication, track"
)
DAEMON = "allowed: an object with the daemon's settings"
SHAPES = "allowed: a virtual router, a list of them, or an object with virtual_routers"


def names(document: Any) -> list[str]:
    return [router.name for router in parse(json.dumps(document)).virtual_routers]


def test_an_object_a_list_and_the_long_form_say_the_same() -> None:
    alone = parse(json.dumps(GOOD))
    assert isinstance(alone, Configuration)
    assert parse(json.dumps([GOOD])) == alone
    assert parse(json.dumps({"virtual_routers": [GOOD]})) == alone


def test_bytes_and_text_with_or_without_a_byte_order_mark_say_the_same() -> None:
    text = sample()
    assert parse(text) == parse(text.encode()) == parse("\ufeff" + text) == parse(text.encode("utf-8-sig"))


@pytest.mark.parametrize(
    ("document", "line"),
    [
        ([], "$: [] lists no virtual router; allowed: at least one"),
        ({"virtual_routers": []}, "$.virtual_routers: [] lists no virtual router; allowed: at least one"),
        (
            {"virtual_routers": GOOD},
            "$.virtual_routers: {...} is an object, not a list; allowed: a list of virtual routers",
        ),
        ([[GOOD]], "$[0]: [...] is a list, not an object; allowed: a virtual router"),
        ([GOOD, "x"], '$[1]: "x" is a string, not an object; allowed: a virtual router'),
        ({"virtual_routers": [None]}, "$.virtual_routers[0]: null is null, not an object; allowed: a virtual router"),
        ("VR_1", f'$: "VR_1" is a string, not a configuration; {SHAPES}'),
        (5, f"$: 5 is a number, not a configuration; {SHAPES}"),
        (float("nan"), f"$: NaN is not a JSON number; {SHAPES}"),
        ({"virtual_router": [GOOD]}, '$.virtual_router: unknown key; did you mean "virtual_routers"?'),
        ({"daemon": {}}, "$.virtual_routers: missing; allowed: a list of virtual routers"),
        ({"virtual_routers": [GOOD], "daemon": 3}, f"$.daemon: 3 is a number, not an object; {DAEMON}"),
        ({"virtual_routers": [GOOD], "lock_memory": True}, "$.lock_memory: belongs in daemon"),
        ({"virtual_routers": [GOOD], "vrid": 1}, "$.vrid: belongs in an entry of virtual_routers"),
        ({"virtual_routers": [GOOD], "log": 1}, "$.log: unknown key; allowed: virtual_routers, trackers, daemon"),
    ],
)
def test_any_other_shape_is_refused(document: Any, line: str) -> None:
    assert complaints(json.dumps(document)) == [line]


@pytest.mark.parametrize(
    ("key", "line"),
    [
        ("priorty", '$[1].priorty: unknown key; did you mean "priority"?'),
        ("prio", '$[1].prio: unknown key; did you mean "priority"?'),
        ("preempt", '$[1].preempt: unknown key; did you mean "preempt_mode"?'),
        ("Priority", '$[1].Priority: unknown key; did you mean "priority"?'),
        ("advert-interval", '$[1]["advert-interval"]: unknown key; did you mean "advert_interval"?'),
        ("", f'$[1][""]: unknown key; allowed: {KNOWN_KEYS}'),
        ("colour", f"$[1].colour: unknown key; allowed: {KNOWN_KEYS}"),
        ("a\nb", f'$[1]["a\\nb"]: unknown key; allowed: {KNOWN_KEYS}'),
        ("k" * 99, f'$[1]["{"k" * 59}...]: unknown key; allowed: {KNOWN_KEYS}'),
    ],
)
def test_an_unknown_key_is_named_with_the_nearest_known_one(key: str, line: str) -> None:
    assert complaints([entry(), entry(vrid=52, ip_addresses=["10.0.0.1"], **{key: 1})]) == [line]


def test_a_misspelt_required_key_is_not_reported_missing_as_well() -> None:
    assert complaints({"vird": 51, "interface": "eth0", "ip-addresses": ["10.0.0.1"]}) == [
        '$.vird: unknown key; did you mean "vrid"?',
        '$.interface: unknown key; did you mean "interface_name"?',
        '$["ip-addresses"]: unknown key; did you mean "ip_addresses"?',
    ]


def test_a_key_that_is_there_twice_is_an_error_wherever_it_is() -> None:
    text = json.dumps([GOOD, entry(vrid=52, ip_addresses=["10.0.0.1"])])
    twice = text.replace('"vrid": 52', '"vrid": 51, "x": 0, "vrid": 52, "vrid": 52')
    assert complaints(twice) == [
        "$[1].vrid: the key occurs more than once; allowed: once",
        f"$[1].x: unknown key; allowed: {KNOWN_KEYS}",
    ]
    assert complaints(f'{{"virtual_routers": [], "virtual_routers": {text}}}') == [
        "$.virtual_routers: the key occurs more than once; allowed: once",
    ]


def test_an_entry_without_a_name_is_named_after_its_vrid() -> None:
    assert names(GOOD) == ["VR_51"]


def test_default_names_are_unique_and_give_way_to_given_ones() -> None:
    document = [
        entry(),
        entry(interface_name="eth1", ip_addresses=["10.0.0.1"]),
        entry(interface_name="eth1", ip_addresses=["fe80::1"]),
        entry(interface_name="eth2", ip_addresses=["10.0.0.2"]),
        entry(interface_name="eth3", ip_addresses=["10.0.0.3"], name="VR_51"),
        entry(interface_name="eth4", ip_addresses=["10.0.0.4"], name="VR_51_eth1_2"),
    ]
    assert names(document) == ["VR_51_eth0", "VR_51_eth1", "VR_51_eth1_3", "VR_51_eth2", "VR_51", "VR_51_eth1_2"]


def test_an_entry_added_at_the_end_renames_nobody() -> None:
    first, second = entry(), entry(interface_name="eth1", ip_addresses=["10.0.0.1"])
    assert names([first]) == ["VR_51"]
    assert names([first, second]) == ["VR_51", "VR_51_eth1"]


def test_a_file_is_loaded(tmp_path: Path) -> None:
    path = tmp_path / "vrrp-config.json"
    path.write_text(sample())
    assert load(path) == load(str(path)) == parse(sample())


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"", "the file is empty; allowed: a virtual router, a list of them, or the long form"),
        (b"\xef\xbb\xbf \n", "the file is empty; allowed: a virtual router, a list of them, or the long form"),
        (b'{"name": "\xfc"}', "the file is not UTF-8: byte 0xfc at offset 10; allowed: UTF-8"),
        ('{"vrid": 1}'.encode("utf-16"), "the file is UTF-16; allowed: UTF-8"),
        (b" " * (16 * 1024 * 1024 + 1), "the file is too large; allowed: at most 16 MiB"),
    ],
    ids=["empty", "blank", "latin-1", "utf-16", "large"],
)
def test_a_file_that_is_no_text_is_refused_by_name(tmp_path: Path, content: bytes, line: str) -> None:
    path = tmp_path / "vrrp-config.json"
    path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert str(caught.value) == f"{path}: 1 problem\n  {line}"


def test_a_missing_file_and_a_directory_are_refused_by_name(tmp_path: Path) -> None:
    for path, reason in ((tmp_path / "absent", errno.ENOENT), (tmp_path, errno.EISDIR)):
        with pytest.raises(ConfigError) as caught:
            load(path)
        assert str(caught.value) == f"{path}: 1 problem\n  cannot be read: {os.strerror(reason)}"


def test_a_file_that_may_not_be_read_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbid(*_: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(os, "open", forbid)
    with pytest.raises(ConfigError) as caught:
        load("/x.json")
    assert str(caught.value) == "/x.json: 1 problem\n  cannot be read: Permission denied"


def test_the_digest_tells_settings_apart_and_not_their_spelling() -> None:
    plain = parse(json.dumps(entry()))
    assert len(plain.digest) == 8
    assert parse(json.dumps([entry(priority=100)], indent=4)).digest == plain.digest
    others = [
        entry(priority=101),
        entry(preempt_mode=False),
        entry(name="x"),
        {"virtual_routers": [entry()], "daemon": {"realtime_priority": 3}},
    ]
    assert len({plain.digest, *(parse(json.dumps(other)).digest for other in others)}) == 1 + len(others)
