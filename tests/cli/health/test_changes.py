"""`failover.cli.health.changes`: what a reload would change, as far as the status tells."""

from typing import Any

import pytest

from failover.cli.health.changes import changes
from failover.config import Configuration, VirtualRouter

WEB: dict[str, Any] = {"name": "web", "vrid": 51, "interface_name": "eth0", "ip_addresses": ["192.0.2.100/24"]}
RUNNING: dict[str, Any] = {
    "name": "web",
    "family": "ipv4",
    "vrid": 51,
    "interface": "eth0",
    "version": 3,
    "priority": {"configured": 100, "effective": 90},
    "advertisement_interval_seconds": 1.0,
    "addresses": ["192.0.2.100/24"],
}
BOTH = ["192.0.2.100/24", "fe80::100/64"]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, ""),
        ({"preempt_mode": False}, ""),
        ({"priority": 50}, "web: priority 100 -> 50"),
        ({"vrid": 52, "version": 2}, "web: vrid 51 -> 52; web: version 3 -> 2"),
        ({"interface_name": "eth1"}, "web: interface eth0 -> eth1"),
        ({"advert_interval": 0.5}, "web: interval 1 s -> 0.5 s"),
        (
            {"ip_addresses": ["192.0.2.101/24"], "excluded_ip_addresses": ["192.0.2.9/24"]},
            "web: 192.0.2.101/24 is new; web: 192.0.2.9/24 is new; web: 192.0.2.100/24 is gone",
        ),
        ({"ip_addresses": BOTH}, "web: ipv6 is new"),
        ({"name": "WEB"}, "WEB (ipv4) is new; web (ipv4) is gone"),
        (
            {"priority": 1, "vrid": 2, "interface_name": "a", "version": 2},
            "web: vrid 51 -> 2; web: interface eth0 -> a; web: version 3 -> 2; and 1 more",
        ),
    ],
)
def test_each_change_is_named_and_only_the_first_three(changed: dict[str, Any], said: str) -> None:
    configuration = Configuration(virtual_routers=[VirtualRouter(**{**WEB, **changed})])
    assert changes([RUNNING], configuration) == said
