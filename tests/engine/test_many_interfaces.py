"""More interfaces than the usual limit of open files has room for."""

import pytest

from failover.lab.network.lan import Host, Lan
from tests.engine.daemons import OurDaemon, router

pytestmark = pytest.mark.root

INTERFACES = 40
LIMIT = 64
"""Open files, of which an interface takes three."""


@pytest.fixture
def host(lan: Lan) -> Host:
    one = lan.host("one", "192.0.2.11/24")
    for number in range(INTERFACES):
        one.ip(
            f"link add link eth0 name more{number} type macvlan mode bridge",
            f"addr add 10.{number}.0.1/24 dev more{number}",
            f"link set more{number} up",
        )
    return one


def routers() -> list[dict[str, object]]:
    return [
        router(number + 1, f"10.{number}.0.100/24", interface_name=f"more{number}", name=f"R{number}")
        for number in range(INTERFACES)
    ]


def test_the_limit_is_raised_as_far_as_it_may_be(host: Host) -> None:
    daemon = OurDaemon(host, *routers(), prefix=("prlimit", f"--nofile={LIMIT}:4096"))
    for number in range(INTERFACES):
        daemon.wait_for("MASTER", number=number)
    assert daemon.stop() == 0
