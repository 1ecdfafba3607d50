"""A LAN for a test, removed whatever happens; what its routers said is shown where the test fails."""

from collections.abc import Iterator

import pytest

from failover.lab.network.lan import Lan

LOG_CHARACTERS = 6000


@pytest.fixture
def lan() -> Iterator[Lan]:
    with Lan() as made:
        yield made
        for host in made.hosts:
            for log in sorted(host.directory.glob("*.log")):
                print(f"--- {host.label}: {log.name}\n{log.read_text(errors='replace')[-LOG_CHARACTERS:]}")
