"""keepalived on a host of the lab."""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import ClassVar

from failover.lab.router import Router, RouterSpec


class Keepalived(Router):
    """`keepalived`, its VRRP half only, in the foreground, logging to a file."""

    program = "keepalived"
    options: ClassVar[Sequence[str]] = ("-n", "-P", "-G", "-l", "-D")
    global_settings: ClassVar[Sequence[str]] = ()

    @property
    def child_pid_file(self) -> Path:
        """The number of the process that does VRRP, once there is one."""
        return self.host.directory / "vrrp.pid"

    def start(self) -> None:
        directory = self.host.directory
        config = directory / "keepalived.conf"
        config.write_text(self.configuration())
        parent = directory / "keepalived.pid"
        for stale in (parent, self.child_pid_file):  # it takes a zombie of that number for itself
            stale.unlink(missing_ok=True)
        own_files = ["-p", str(parent), "-r", str(self.child_pid_file)]
        command = ["keepalived", *self.options, "-f", str(config), *own_files]
        with self.output() as log:
            self.processes = [self.host.popen(command, output=log)]

    def configuration(self) -> str:
        settings = "\n".join(f"  {line}" for line in (f"router_id {self.host.label}", *self.global_settings))
        own = {str(address.ip) for address in self.host.addresses}
        return "\n".join((f"global_defs {{\n{settings}\n}}", *(_instance(spec, own) for spec in self.specs)))


def _instance(spec: RouterSpec, own: Collection[str]) -> str:
    return f"""vrrp_instance VR_{spec.interface}_{spec.vrid}_{spec.family.label} {{
  state {"MASTER" if spec.priority == 255 else "BACKUP"}
  interface {spec.interface}
  version {spec.version}
  virtual_router_id {spec.vrid}
  priority {spec.priority}
  advert_int {spec.interval:g}
  {"" if spec.preempt else "nopreempt"}
  {_block("virtual_ipaddress", spec.addresses) if spec.addresses else ""}
  {_block("virtual_ipaddress_excluded", spec.excluded) if spec.excluded else ""}
  {_scope(spec, own)}
}}"""


def _scope(spec: RouterSpec, own: Collection[str]) -> str:
    """Where it advertises; it wants its own address apart from those of its peers.

    Over IPv6 it would send with hop limit 64.
    """
    if not spec.peers:
        return f"mcast_dst_ip {spec.group}" if spec.group else ""
    source = next(peer for peer in spec.peers if peer in own)
    others = [peer for peer in spec.peers if peer != source]
    return f"unicast_src_ip {source}\n  check_unicast_src\n  unicast_ttl 255\n  {_block('unicast_peer', others)}"


def _block(name: str, addresses: Sequence[str]) -> str:
    lines = "".join(f"    {address}\n" for address in addresses)
    return f"{name} {{\n{lines}  }}"
