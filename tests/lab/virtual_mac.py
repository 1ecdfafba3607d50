"""Our daemon and keepalived, each with virtual MAC addresses."""

from typing import Any

from failover.lab.router import RouterSpec
from failover.vrrp.protocol import virtual_mac
from tests.lab.keepalived import Keepalived
from tests.lab.ours import Ours


class OursVirtual(Ours):
    """With `virtual_mac`."""

    def settings(self, spec: RouterSpec) -> dict[str, Any]:
        return super().settings(spec) | {"virtual_mac": True}

    def mac(self, spec: RouterSpec) -> str:
        """The virtual router's."""
        return virtual_mac(spec.family, spec.vrid).hex(":")


class KeepalivedVirtual(Keepalived):
    """With `use_vmac`."""

    def configuration(self) -> str:
        text = super().configuration()
        for spec in self.specs:
            text = text.replace(f"  virtual_router_id {spec.vrid}\n", f"  virtual_router_id {spec.vrid}\n  use_vmac\n")
        return text

    def mac(self, spec: RouterSpec) -> str:
        """The virtual router's."""
        return virtual_mac(spec.family, spec.vrid).hex(":")
