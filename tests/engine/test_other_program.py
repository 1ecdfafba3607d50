"""Another program on the same host that runs the same virtual router: neither hears the other, and ours says so."""

import pytest

from failover.lab.network.lan import Lan
from failover.lab.network.waiting import wait_until
from failover.lab.router import RouterSpec
from tests.engine.daemons import OurDaemon, router
from tests.engine.test_problems import health, problems
from tests.lab.keepalived import Keepalived

pytestmark = [pytest.mark.root, pytest.mark.peer]

VIRTUAL = "192.0.2.100/24"
SAID = "another program on this host, such as keepalived, also advertises VRID 51 on eth0: stop it"


@pytest.mark.timeout(250)
@pytest.mark.parametrize("priority", [150, 200], ids=["another priority", "the same settings"])
def test_a_forgotten_keepalived_is_named_as_long_as_it_advertises(lan: Lan, priority: int) -> None:
    host = lan.host("one", "192.0.2.11/24")
    here = OurDaemon(host, router(51, VIRTUAL, priority=200, advert_interval=1, checksum="pseudo_header"))
    here.wait_for("MASTER")
    forgotten = Keepalived(host, RouterSpec(addresses=(VIRTUAL,), priority=priority))
    forgotten.start()
    wait_until(lambda: "other_program" in problems(here), "it is told", 100)
    problem = problems(here)["other_program"]
    assert (problem["text"], problem["severity"], problem["source"]) == (SAID, "critical", "192.0.2.11")
    here.wait_for_log(SAID)
    assert health(here)[0] == 2
    forgotten.stop()
    wait_until(lambda: "other_program" not in problems(here), "it is over", 75)
    here.wait_for_log("no other program on this host advertises VRID 51 on eth0 any more")
