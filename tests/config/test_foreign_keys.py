"""The keys of other programs: what to write here, or that there is no such thing."""

from typing import Any

import pytest

from failover.config import DAEMON_SETTINGS, SETTINGS, ConfigError, VirtualRouter
from failover.config.foreign.keys import OF_DAEMON, OF_ROUTER, counterpart
from tests.config.documents import GOOD, complaints, entry

KEEPALIVED = {
    "state": "MASTER",
    "interface": "eth0",
    "virtual_router_id": 51,
    "priority": 150,
    "advert_int": 1,
    "nopreempt": True,
    "authentication": {"auth_type": "PASS", "auth_pass": "1111"},
    "virtual_ipaddress": ["192.168.100.100/24"],
}

TRACK_INTERFACE = (
    'write "track": ["NAME"], and "trackers": [{"name": "NAME", "type": "interface", "interface_name": "IFACE"}]'
    ' beside "virtual_routers"'
)


def test_our_own_settings_are_known_by_heart() -> None:
    assert tuple(SETTINGS) == OF_ROUTER
    assert tuple(DAEMON_SETTINGS) == OF_DAEMON


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("virtual_router_id", 'did you mean "vrid"?'),
        ("virtual-router-id", 'did you mean "vrid"?'),
        ("Virtual_Router_ID", 'did you mean "vrid"?'),
        ("group", 'did you mean "vrid"?'),
        ("interface", 'did you mean "interface_name"?'),
        ("network_interface", 'did you mean "interface_name"?'),
        ("dev", 'did you mean "interface_name"?'),
        ("no_virtual_ipaddress", 'write "no_ip_addresses": true'),
        ("virtual_ipaddress", 'did you mean "ip_addresses"?'),
        ("virtual-address", 'did you mean "ip_addresses"?'),
        ("vip", 'did you mean "ip_addresses"?'),
        ("virtual_ipaddress_excluded", 'did you mean "excluded_ip_addresses"?'),
        ("advert_int", 'did you mean "advert_interval"? it is in seconds'),
        ("advertisement-interval", 'did you mean "advert_interval"? it is in seconds'),
        ("preempt", 'did you mean "preempt_mode"?'),
        ("nopreempt", 'write "preempt_mode": false'),
        ("vrrp_version", 'did you mean "version"?'),
        ("state", "leave it out: the election decides who is MASTER, by priority"),
        (
            "auth_pass",
            'with version 2, write "authentication": {"method": "password", "password": {"file": "/PATH"}}',
        ),
        ("garp_master_delay", "leave it out: a new MASTER announces its addresses by itself"),
        ("garp_anything_else", "leave it out: a new MASTER announces its addresses by itself"),
        ("track_script", "leave it out: only interfaces are tracked"),
        ("track_interface", TRACK_INTERFACE),
        ("trackers", 'write {"virtual_routers": [{...}], "trackers": [{...}]}'),
        ("notify_master", "leave it out: no script is called; the log and `failover status` show changes"),
        ("unicast_peer", 'did you mean "unicast_peers"?'),
        ("unicast_src_ip", 'did you mean "source_address"?'),
        ("mcast_src_ip", 'did you mean "source_address"?'),
        ("unicast_ttl", 'did you mean "hop_limit"?'),
        ("mcast_dst_ip", 'did you mean "multicast_group"?'),
        ("min_ttl", 'write {"address": "ADDRESS", "min_hop_limit": 250} in "unicast_peers"'),
        (
            "check_unicast_src",
            "leave it out: only peers are listened to, and without another host there is a fault",
        ),
        ("use_vmac", "leave it out: addresses are served with the interface's own MAC address"),
        ("checksum-with-ipv4-pseudoheader", 'write "checksum": "pseudo_header", or leave it out: it follows the peers'),
        ("shutdown", "leave it out: every entry runs, so remove an entry that must not run"),
        ("vrrp_rt_priority", '"realtime_priority" belongs in "daemon", beside "virtual_routers"'),
        ("realtime_priority", '"realtime_priority" belongs in "daemon", beside "virtual_routers"'),
        ("daemon", 'write {"virtual_routers": [{...}], "daemon": {...}}'),
    ],
)
def test_a_key_of_another_program_is_answered_with_what_to_write_here(key: str, words: str) -> None:
    (line,) = complaints([entry(**{key: 1})])
    assert line.partition(": unknown key; ")[2] == words


def test_an_entry_in_the_words_of_keepalived_is_answered_key_by_key_and_nothing_is_missing() -> None:
    for document in (KEEPALIVED, [KEEPALIVED], {"virtual_routers": [KEEPALIVED]}):
        said = complaints(document)
        assert [line.partition(": ")[0].rpartition(".")[2] for line in said] == [
            *("state", "interface", "virtual_router_id", "advert_int", "nopreempt", "virtual_ipaddress"),
            "method",
        ]
        assert [line for line in said if "missing" in line] == [line for line in said if ".method: " in line]


@pytest.mark.parametrize("key", ["vrrp_instance", "vrrp_instances", "instances"])
def test_a_block_of_keepalived_is_an_entry(key: str) -> None:
    document: dict[str, Any] = {key: {"VI_1": KEEPALIVED}, "global_defs": {"router_id": "one"}}
    assert complaints(document) == [
        f'$.{key}: unknown key; write each of them as an object in the list "virtual_routers"',
        '$.global_defs: unknown key; leave it out: settings of the daemon belong in "daemon"',
    ]


@pytest.mark.parametrize(
    ("document", "line"),
    [
        ({"vrrp_rt_priority": 50}, '$.daemon.vrrp_rt_priority: unknown key; did you mean "realtime_priority"?'),
        ({"priority": 50}, '$.daemon.priority: unknown key; "priority" belongs in an entry of "virtual_routers"'),
        (
            {"state": "MASTER"},
            "$.daemon.state: unknown key; leave it out: the election decides who is MASTER, by priority",
        ),
    ],
)
def test_the_daemons_settings_have_their_own_place(document: dict[str, Any], line: str) -> None:
    assert complaints({"virtual_routers": [GOOD], "daemon": document}) == [line]


def test_beside_the_list_a_key_is_sent_to_its_place() -> None:
    assert complaints({"virtual_routers": [GOOD], "virtual_router_id": 51, "vrrp_rt_priority": 50}) == [
        '$.virtual_router_id: unknown key; "vrid" belongs in an entry of "virtual_routers"',
        '$.vrrp_rt_priority: unknown key; "realtime_priority" belongs in "daemon", beside "virtual_routers"',
    ]


def test_a_program_that_builds_one_is_told_as_well() -> None:
    given: dict[str, Any] = {"virtual_router_id": 51, "interface": "eth0", "virtual_ipaddress": ["10.0.0.1"]}
    with pytest.raises(ConfigError) as caught:
        VirtualRouter(**given)
    assert [str(one) for one in caught.value.problems] == [
        'virtual_router_id: unknown key; did you mean "vrid"?',
        'interface: unknown key; did you mean "interface_name"?',
        'virtual_ipaddress: unknown key; did you mean "ip_addresses"?',
    ]


def test_what_nobody_has_is_not_known() -> None:
    assert counterpart("colour", SETTINGS) is None
    assert counterpart("", SETTINGS) is None
