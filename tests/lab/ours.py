"""Our own daemon on a host of the lab, beside the drivers of the peers."""

from typing import Any

from failover.lab.router import Daemon, RouterSpec
from failover.vrrp.protocol import Family


class Ours(Daemon):
    """Configured for peers that know one form of the version 3 IPv4 checksum only, as keepalived 2.2 and FRR 8 do.

    With `auto` such a peer discards what we say until it has spoken itself.
    """

    def settings(self, spec: RouterSpec) -> dict[str, Any]:
        two_forms = spec.version == 3 and spec.family is Family.IPV4
        return super().settings(spec) | ({"checksum": "pseudo_header"} if two_forms else {})
