"""keepalived on a host of the lab."""

from failover.lab.router import Router, RouterSpec


class Keepalived(Router):
    """`keepalived`, its VRRP half only, in the foreground, logging to a file."""

    program = "keepalived"

    def start(self) -> None:
        directory = self.host.directory
        config = directory / "keepalived.conf"
        config.write_text(self.configuration())
        parent, child = directory / "keepalived.pid", directory / "vrrp.pid"
        for stale in (parent, child):  # it takes a zombie of that number for itself
            stale.unlink(missing_ok=True)
        own_files = ["-p", str(parent), "-r", str(child)]
        command = ["keepalived", "-n", "-P", "-G", "-l", "-D", "-f", str(config), *own_files]
        with self.output() as log:
            self.processes = [self.host.popen(command, output=log)]

    def configuration(self) -> str:
        return "\n".join((f"global_defs {{\n  router_id {self.host.label}\n}}", *map(self._instance, self.specs)))

    def _instance(self, spec: RouterSpec) -> str:
        addresses = "\n".join(f"    {address}" for address in spec.addresses)
        return f"""vrrp_instance VR_{spec.vrid}_{spec.family.label} {{
  state {"MASTER" if spec.priority == 255 else "BACKUP"}
  interface {self.host.interface}
  version {spec.version}
  virtual_router_id {spec.vrid}
  priority {spec.priority}
  advert_int {spec.interval:g}
  {"" if spec.preempt else "nopreempt"}
  virtual_ipaddress {{
{addresses}
  }}
}}"""
