"""The tutorial, done as it says: two hosts, one address, and what each of them is said to show."""

import json
import re
import signal

import pytest

from failover.lab.network.lan import Host, Lan
from failover.lab.network.waiting import wait_until
from tests.docs.generated import ROOT
from tests.engine.daemons import OurDaemon

TUTORIAL = (ROOT / "docs/tutorial.md").read_text()
ADDRESS = "192.168.100.100/24"


def configuration() -> dict[str, object]:
    (found,) = re.findall(r"```json\n(.*?)```", TUTORIAL, re.DOTALL)
    return dict(json.loads(found))


def holds(host: Host) -> bool:
    return f" {ADDRESS} " in host.run(["ip", "-o", "address", "show", "dev", "eth0"]).stdout


@pytest.mark.root
def test_two_hosts_in_ten_minutes() -> None:
    said = re.findall(r"MASTER: nothing heard from MASTER (\S+) for", TUTORIAL)
    assert said == ["192.168.100.1"]
    with Lan() as lan:
        hosts = [lan.host("one", "192.168.100.1/24"), lan.host("two", "192.168.100.2/24")]
        one = OurDaemon(hosts[0], configuration())
        two = OurDaemon(hosts[1], configuration() | {"priority": 100})
        one.wait_for("MASTER")
        two.wait_for("BACKUP")
        wait_until(lambda: two.router()["master"] == "192.168.100.1", "two knows who is MASTER")
        wait_until(lambda: holds(hosts[0]), "the address is on one")
        assert not holds(hosts[1])

        one.kill()
        two.wait_for("MASTER")
        two.wait_for_log("web (ipv4): BACKUP -> MASTER: nothing heard from MASTER 192.168.100.1 for 3.6")
        wait_until(lambda: holds(hosts[1]), "the address is on two")

        again = OurDaemon(hosts[0], configuration(), label="again")
        again.wait_for("MASTER")
        two.wait_for("BACKUP")
        wait_until(lambda: not holds(hosts[1]), "the address has left two")

        assert again.stop(signal.SIGINT) == 0
        two.wait_for("MASTER")
        two.wait_for_log("BACKUP -> MASTER: MASTER 192.168.100.1 resigned")
        assert two.stop() == 0
        assert not any(map(holds, hosts))
