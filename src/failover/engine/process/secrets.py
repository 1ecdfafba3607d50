"""What the process does where a virtual router has a secret."""

from collections.abc import Iterable

from failover.linux.process import core_dumps
from failover.vrrp import VirtualRouter


def protect(routers: Iterable[VirtualRouter]) -> None:
    """Leave no core dump behind where one of these has a secret."""
    if any(router.password or router.keyed for router in routers):
        core_dumps.forbid()
