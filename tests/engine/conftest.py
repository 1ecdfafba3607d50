"""The LAN of the lab, for daemons on it."""

import pytest

from failover.lab.network.lan import Host, Lan
from tests.lab.conftest import lan

__all__ = ["lan"]


@pytest.fixture
def host(lan: Lan) -> Host:
    """One host, with one address."""
    return lan.host("one", "192.0.2.11/24")
