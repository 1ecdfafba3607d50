"""FRR (zebra and vrrpd) on a host of the lab.

FRR wants its virtual MAC interfaces made beforehand: a macvlan for each virtual router. While BACKUP it only sets
them `protodown`; it leaves them as they are when it ends, so `stop()` takes them down as its administrator would.
"""

import json
import shutil
from ipaddress import IPv6Address
from pathlib import Path
from typing import Final

from failover.lab.network.waiting import wait_until
from failover.lab.router import Router, RouterSpec
from failover.vrrp.protocol import Address, Family, virtual_mac

DAEMONS: Final = Path("/usr/lib/frr")


class Frr(Router):
    """`zebra` and `vrrpd`, with their files in the host's directory."""

    program = "frr"

    def start(self) -> None:
        for name, value in (("arp_ignore", "1"), ("arp_announce", "2")):
            self.host.sysctl(f"ipv4/conf/all/{name}", value)
        for spec in self.specs:
            self._make_macvlan(spec)
        config = self.host.directory / "vrrpd.conf"
        config.write_text(self.configuration())
        nothing = self.host.directory / "zebra.conf"
        nothing.write_text("")
        zebra = self.host.directory / "zserv.api"
        zebra.unlink(missing_ok=True)
        self._run("zebra", nothing)
        wait_until(zebra.exists, f"zebra on {self.host.label} listens")
        self._run("vrrpd", config)

    def stop(self) -> None:
        super().stop()
        self.host.ip(*(f"link set dev {self.macvlan(spec)} down" for spec in self.specs))

    def is_master(self, spec: RouterSpec) -> bool:
        """Its macvlan is operational exactly while MASTER."""
        shown = self.host.run(["ip", "-j", "link", "show", "dev", self.macvlan(spec)], check=False).stdout
        return bool(shown) and "LOWER_UP" in json.loads(shown)[0]["flags"]

    def mac(self, spec: RouterSpec) -> str:
        """The virtual router's."""
        return virtual_mac(spec.family, spec.vrid).hex(":")

    def source(self, spec: RouterSpec) -> Address:
        """IPv6: the macvlan's own link-local address."""
        if spec.family is Family.IPV4:
            return super().source(spec)
        return IPv6Address(f"fe80::{spec.vrid}:{int(self.host.link_local) & 0xFF}")

    def macvlan(self, spec: RouterSpec) -> str:
        return f"vrrp{spec.family.value}-{spec.vrid}"

    def _make_macvlan(self, spec: RouterSpec) -> None:
        name = self.macvlan(spec)
        self.host.run(["ip", "link", "del", "dev", name], check=False)
        own = [f"addr add {self.source(spec)}/64 dev {name} nodad"] if spec.family is Family.IPV6 else []
        nodad = " nodad" if spec.family is Family.IPV6 else ""
        self.host.ip(
            f"link add name {name} link {self.host.interface} address {self.mac(spec)} type macvlan mode bridge",
            f"link set dev {name} addrgenmode none",
            *(f"addr add {address} dev {name}{nodad}" for address in spec.addresses),
            *own,  # last: of several link-local addresses FRR sends from the newest
            f"link set dev {name} protodown on",
            f"link set dev {name} up",
        )

    def _run(self, program: str, config: Path) -> None:
        directory = self.host.directory
        directory.parent.chmod(0o711)  # FRR gives up root before it opens anything
        shutil.chown(directory, "frr", "frr")
        files = ["-f", str(config), "-i", str(directory / f"{program}.pid"), "-z", str(directory / "zserv.api")]
        console = ["--vty_socket", str(directory), "-P", "0", "--log", "stdout"]
        with self.output() as log:
            process = self.host.popen([str(DAEMONS / program), *files, *console], output=log)
        if program == "zebra":
            self.processes.clear()
        self.processes.append(process)

    def configuration(self) -> str:
        lines = [f"hostname {self.host.label}", "debug vrrp protocol", f"interface {self.host.interface}"]
        for spec in self.specs:
            lines += _settings(spec)
        return "\n".join(lines) + "\n"


def _settings(spec: RouterSpec) -> list[str]:
    router = f"vrrp {spec.vrid}"
    kind = "ip" if spec.family is Family.IPV4 else "ipv6"
    return [
        f" {router} version {spec.version}",
        f" {router} priority {spec.priority}",
        f" {router} advertisement-interval {round(spec.interval * 1000)}",
        *([] if spec.preempt else [f" no {router} preempt"]),
        *(f" {router} {kind} {address.ip}" for address in spec.virtual_addresses),
    ]
