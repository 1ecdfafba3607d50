"""`failover.cli.health.subnets`: addresses that are in none of the subnets of their interface."""

import pytest

from failover.cli.health.subnets import mistaken

PRIVATE = ["10.1.0.0/16", "192.168.100.0/24"]


@pytest.mark.parametrize(
    ("addresses", "subnets", "told"),
    [
        (["192.168.100.9/24", "10.1.2.3/16"], PRIVATE, None),
        (["192.168.100.9/24", "192.168.101.9/24"], PRIVATE, "192.168.101.9/24 is in none of eth0's subnets"),
        (
            ["10.1.2.3/24"],
            PRIVATE,
            "10.1.2.3/24 has another prefix length than eth0's subnet 10.1.0.0/16; if this is a",
        ),
        (["192.168.100.9/16"], PRIVATE, "192.168.100.9/16 has another prefix length than eth0's subnet"),
        (["192.168.101.9/32"], PRIVATE, None),  # a host route, which no subnet needs
        (["8.8.8.8/24"], PRIVATE, None),  # a public address behind a private transit network
        (["8.8.8.8/24"], [*PRIVATE, "8.8.4.0/24"], "8.8.8.8/24 is in none of eth0's subnets (8.8.4.0/24); if"),
        (["192.168.101.9/24"], [], None),
    ],
)
def test_only_what_is_most_likely_a_typo_is_told(addresses: list[str], subnets: list[str], told: str | None) -> None:
    found = mistaken(addresses, subnets, "eth0")
    assert found is None if told is None else found is not None and found.startswith(told)
