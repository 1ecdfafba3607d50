"""A network namespace with a cable in it, for the tests that talk to the kernel."""

from collections.abc import Iterator

import pytest

from failover.lab.network.namespaces import Namespace


@pytest.fixture
def cable() -> Iterator[Namespace]:
    """Both ends of the cable, `veth0` and `veth1`, are up and in the same namespace."""
    with Namespace("linux") as namespace:
        namespace.ip(
            "link add veth0 type veth peer name veth1",
            "link set veth0 up",
            "link set veth1 up",
        )
        yield namespace
