"""Trackers of interfaces: priorities that change while a router runs, faults, and what others make of them."""

import json
from typing import Any

import pytest

from failover.lab.network.lan import Host, Lan
from failover.lab.network.waiting import wait_until
from failover.lab.router import RouterSpec
from tests.engine.daemons import INTERVAL, OurDaemon, ask, router
from tests.lab.keepalived import Keepalived

pytestmark = pytest.mark.root

UPLINK = {"type": "interface", "name": "uplink", "interface_name": "eth1"}
FAILS = "eth1 has no carrier"


@pytest.fixture
def two(lan: Lan) -> Host:
    return lan.host("two", "192.0.2.12/24")


@pytest.fixture
def one(lan: Lan) -> Host:
    """Has an uplink as well, whose other end is `eth1peer`."""
    made = lan.host("one", "192.0.2.11/24")
    made.ip("link add eth1 type veth peer name eth1peer", "link set eth1peer up", "link set eth1 up")
    return made


def tracked(*track: Any, priority: int = 150, **settings: Any) -> dict[str, Any]:
    return router(51, priority=priority, track=list(track), **settings)


def priorities(daemon: OurDaemon) -> Any:
    return daemon.router().get("priority")


def test_a_weight_moves_the_address_and_the_end_of_the_trouble_moves_it_back(lan: Lan, one: Host, two: Host) -> None:
    first = OurDaemon(one, tracked({"tracker": "uplink", "weight": -60}), trackers=[UPLINK])
    second = OurDaemon(two, router(51, priority=100))
    first.wait_for("MASTER")
    second.wait_for("BACKUP")
    capture = lan.capture()
    wait_until(lambda: capture.adverts(host="one"), "it advertises")
    one.ip("link set eth1peer down")
    second.wait_for("MASTER")
    first.wait_for("BACKUP")
    assert priorities(first) == {"configured": 150, "effective": 90}
    (track,) = first.router()["tracking"]
    assert {key: track[key] for key in track if key != "since"} == {
        "tracker": "uplink",
        "weight": -60,
        "is_well": False,
        "contributes": -60,
        "text": FAILS,
    }
    first.wait_for_log(f"tracker uplink failed: {FAILS}")
    first.wait_for_log(f"priority 150 -> 90: uplink (-60): {FAILS}")
    adverts = capture.adverts(host="one")
    assert {advert.priority for advert in adverts} == {150, 90}
    # The new priority is advertised at once, and not one interval after the last one.
    at = next(index for index, advert in enumerate(adverts) if advert.priority == 90)
    assert adverts[at].at - adverts[at - 1].at < 1.05e9 * INTERVAL
    one.ip("link set eth1peer up")
    first.wait_for("MASTER")
    second.wait_for("BACKUP")
    assert priorities(first) == {"configured": 150, "effective": 150}
    first.wait_for_log(f"tracker uplink is well again (was: {FAILS})")


def test_a_weight_above_0_counts_while_all_is_well(one: Host) -> None:
    daemon = OurDaemon(one, tracked({"tracker": "uplink", "weight": 60}), trackers=[UPLINK])
    daemon.wait_for("MASTER")
    assert priorities(daemon) == {"configured": 150, "effective": 210}
    one.ip("link set eth1peer down")
    wait_until(lambda: priorities(daemon) == {"configured": 150, "effective": 150}, "the weight counts no more")


def test_without_a_weight_the_router_resigns_and_gives_up_its_address(lan: Lan, one: Host, two: Host) -> None:
    first = OurDaemon(one, tracked("uplink"), trackers=[UPLINK])
    second = OurDaemon(two, router(51, priority=100))
    first.wait_for("MASTER")
    second.wait_for("BACKUP")
    capture = lan.capture()
    one.ip("link set eth1peer down")
    first.wait_for("INITIALIZE", "tracker_failed")
    second.wait_for("MASTER")
    assert "192.0.2.100/24" not in {str(address) for address in one.held()}
    assert first.router()["fault"]["detail"] == f"tracker uplink has failed: {FAILS}"
    adverts = capture.adverts()
    resigned = next(advert for advert in adverts if advert.priority == 0)
    taken = next(advert for advert in adverts if advert.host == "two")
    # Skew_Time after the resignation (RFC 9568 §6.4.2), and not three intervals after the last advertisement.
    assert resigned.host == "one"
    assert taken.at - resigned.at < 1e9 * INTERVAL
    one.ip("link set eth1peer up")
    first.wait_for("MASTER")
    second.wait_for("BACKUP")


def test_a_tracker_that_fails_at_the_start_counts_from_the_start(lan: Lan, one: Host) -> None:
    capture = lan.capture()
    daemon = OurDaemon(
        one,
        tracked({"tracker": "uplink", "weight": -60}),
        router(52, "192.0.2.101/24", track=["gone"]),
        trackers=[UPLINK, {"type": "interface", "name": "gone", "interface_name": "eth7"}],
    )
    one.ip("link set eth1peer down")
    daemon.wait_for("MASTER")
    daemon.wait_for("INITIALIZE", "tracker_failed", number=1)
    assert daemon.router(1)["fault"]["detail"] == "tracker gone has failed: interface eth7 does not exist"
    wait_until(lambda: capture.adverts(host="one", vrid=51), "it advertises")
    assert capture.adverts(vrid=52) == []
    one.ip("link add eth7 type veth peer name eth7peer", "link set eth7peer up", "link set eth7 up")
    daemon.wait_for("MASTER", number=1)


def test_the_fault_of_the_own_interface_comes_first_and_the_trackers_stays(one: Host) -> None:
    daemon = OurDaemon(one, tracked("uplink"), trackers=[UPLINK])
    daemon.wait_for("MASTER")
    one.ip("link set eth1peer down")
    daemon.wait_for("INITIALIZE", "tracker_failed")
    one.ip("link set eth0 down")
    daemon.wait_for("INITIALIZE", "interface_down")
    one.ip("link set eth0 up")
    daemon.wait_for("INITIALIZE", "tracker_failed")
    one.ip("link set eth1peer up")
    daemon.wait_for("MASTER")
    assert daemon.stop() == 0


def test_an_owner_advertises_255_whatever_a_weight_says(one: Host) -> None:
    owned = tracked({"tracker": "uplink", "weight": -60}, priority=255, ip_addresses=["192.0.2.11/24"])
    daemon = OurDaemon(one, owned, trackers=[UPLINK])
    daemon.wait_for("MASTER")
    one.ip("link set eth1peer down")
    daemon.wait_for_log(f"tracker uplink failed: {FAILS}")
    assert priorities(daemon) == {"configured": 255, "effective": 255}


def test_a_reload_changes_what_is_followed_without_a_wrong_priority_in_between(lan: Lan, one: Host) -> None:
    one.ip("link set eth1peer down")
    daemon = OurDaemon(one, tracked({"tracker": "uplink", "weight": -60}), trackers=[UPLINK])
    daemon.wait_for("MASTER")
    capture = lan.capture()

    def change(document: dict[str, Any]) -> None:
        daemon.config.write_text(json.dumps(document))
        code, answer = ask(daemon.control, "/reload", "POST")
        assert code == 200, answer

    change({"virtual_routers": [tracked({"tracker": "uplink", "weight": -40})], "trackers": [UPLINK]})
    wait_until(lambda: priorities(daemon) == {"configured": 150, "effective": 110}, "another weight counts")
    assert {advert.priority for advert in capture.adverts(host="one")} <= {90, 110}
    change({"virtual_routers": [tracked("uplink")], "trackers": [UPLINK]})
    daemon.wait_for("INITIALIZE", "tracker_failed")
    change({"virtual_routers": [tracked()]})
    daemon.wait_for("MASTER")
    assert priorities(daemon) == {"configured": 150, "effective": 150}
    assert daemon.router()["tracking"] == []


@pytest.mark.peer
def test_keepalived_takes_over_from_a_lower_priority_and_gives_back(lan: Lan, one: Host, two: Host) -> None:
    ours = OurDaemon(one, tracked({"tracker": "uplink", "weight": -60}), trackers=[UPLINK])
    ours.wait_for("MASTER")
    keepalived = Keepalived(two, RouterSpec(addresses=("192.0.2.100/24",), vrid=51, interval=INTERVAL, priority=100))
    keepalived.start()
    one.ip("link set eth1peer down")
    ours.wait_for("BACKUP")
    wait_until(lambda: "192.0.2.100/24" in {str(address) for address in two.held()}, "keepalived has the address")
    one.ip("link set eth1peer up")
    ours.wait_for("MASTER")
    keepalived.stop()
