"""A virtual router without addresses elects a MASTER, and gets addresses by a reload."""

import sys

import pytest

from failover.lab.network.decode import advert
from failover.lab.network.lan import Lan
from failover.lab.network.waiting import wait_until
from tests.engine.daemons import INTERVAL, OurDaemon
from tests.engine.test_reload import held, reload

pytestmark = pytest.mark.root

WITHOUT = {"vrid": 51, "interface_name": "eth0", "no_ip_addresses": True, "advert_interval": INTERVAL}
WITH = {"vrid": 51, "interface_name": "eth0", "ip_addresses": ["192.0.2.100/24"], "advert_interval": INTERVAL}


def test_one_of_two_is_master_and_neither_has_an_address(lan: Lan) -> None:
    one, two = lan.host("one", "192.0.2.11/24"), lan.host("two", "192.0.2.12/24")
    capture = lan.capture()
    before = held(one)
    first, second = OurDaemon(one, WITHOUT | {"priority": 200}), OurDaemon(two, WITHOUT)
    first.wait_for("MASTER")
    second.wait_for("BACKUP")
    wait_until(lambda: second.router().get("master") == "192.0.2.11", "the BACKUP knows its MASTER")
    assert [daemon.router()["addresses"] for daemon in (first, second)] == [[], []]
    assert "none" in one.run([sys.executable, "-m", "failover", "status", "--socket", str(first.control)]).stdout
    assert first.router()["problems"] == second.router()["problems"] == []
    assert held(one) == before
    first.stop()
    second.wait_for("MASTER")
    heard = [found for frame in capture.frames() if (found := advert(frame))]
    assert {found.addresses for found in heard} == {()}
    assert second.router()["counters"]["discarded"] == {}


def test_it_gets_addresses_and_loses_them_by_a_reload_and_stays_master(lan: Lan) -> None:
    host = lan.host("one", "192.0.2.11/24")
    daemon = OurDaemon(host, WITHOUT)
    daemon.wait_for("MASTER")
    before = held(host)
    for wanted, addresses in ((WITH, {"192.0.2.100/24"}), (WITHOUT, set())):
        assert reload(daemon, wanted)["changed"]
        wait_until(lambda addresses=addresses: held(host) == before | addresses, "the addresses are as configured")  # type: ignore[misc]
        assert daemon.router()["addresses"] == sorted(addresses)
    assert daemon.router()["counters"]["transitions_to_master"] == 1


def test_who_has_addresses_discards_an_advertisement_without_and_the_other_says_that_they_differ(lan: Lan) -> None:
    with_some = OurDaemon(lan.host("one", "192.0.2.11/24"), WITH | {"priority": 200})
    with_some.wait_for("MASTER")
    with_none = OurDaemon(lan.host("two", "192.0.2.12/24"), WITHOUT)
    with_none.wait_for("BACKUP")
    with_none.wait_for_log("advertises 192.0.2.100, but this host has none configured")
    with_some.stop()
    with_none.wait_for("MASTER")
    third = OurDaemon(lan.host("three", "192.0.2.13/24"), WITH)
    third.wait_for_log("address count 0, must be 1 to 255")
