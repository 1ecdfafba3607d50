"""A BACKUP that is flooded with good advertisements: little to do, nothing overheard, and the takeover in its time."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from ipaddress import ip_address
from threading import Event, Thread
from time import monotonic, time_ns
from typing import Final

import pytest

from failover.lab.network.lan import Host, Lan
from failover.lab.network.waiting import wait_until
from failover.vrrp import Advertisement, Family, seconds
from tests.engine.daemons import OurDaemon, router
from tests.engine.flooding import flooding
from tests.engine.garbage import V3, V6, plain, with_options
from tests.engine.test_floods import CPU_ALLOWED, NANOSECONDS, slowness, worked

pytestmark = pytest.mark.root

INTERVAL: Final = 0.2
DOWN: Final = 3 * INTERVAL + INTERVAL * 156 / 256
"""Seconds: of priority 100."""
WINNING, WINNING_6 = (replace(one, vrid=51, priority=200, interval=seconds(INTERVAL)) for one in (V3, V6))
SOURCE, SOURCE_6 = ip_address("192.0.2.13"), ip_address("fe80::ff:fe00:3")


@pytest.fixture
def stranger(lan: Lan) -> Host:
    return lan.host("stranger", "192.0.2.13/24")


@pytest.fixture
def backup(lan: Lan, stranger: Host) -> OurDaemon:
    host = lan.host("one", "192.0.2.11/24")
    entries = [
        router(51, address, name=address, advert_interval=INTERVAL) for address in ("192.0.2.100/24", "fe80::54:1/64")
    ]
    daemon = OurDaemon(host, *entries)
    for number in range(2):
        daemon.wait_for("MASTER", number=number)
    return daemon


@pytest.mark.parametrize(
    ("family", "packets"),
    [
        pytest.param(Family.IPV4, [plain(WINNING, SOURCE)], id="ipv4"),
        pytest.param(Family.IPV4, [with_options(plain(WINNING, SOURCE), b"\x94\x04\0\0")], id="with a router alert"),
        pytest.param(Family.IPV6, [plain(WINNING_6, SOURCE_6)], id="ipv6"),
        pytest.param(
            Family.IPV4, [plain(replace(WINNING, priority=200 + n), SOURCE) for n in range(3)], id="of several kinds"
        ),
        pytest.param(
            Family.IPV4, [plain(WINNING, ip_address(f"192.0.2.{20 + n}")) for n in range(4)], id="four senders"
        ),
    ],
)
def test_a_flood_that_wins_costs_little_and_its_end_is_noticed_in_time(
    lan: Lan, stranger: Host, backup: OurDaemon, family: Family, packets: list[bytes]
) -> None:
    number = 0 if family is Family.IPV4 else 1
    capture = lan.capture(stranger)
    before, began = worked(backup), monotonic()
    with flooding(stranger, family) as flood:
        sent = flood.send(packets[0], 50_000, 3, *packets[1:])
    until, took = time_ns(), monotonic() - began
    busy = (worked(backup) - before) / took
    heard = backup.router(number)["counters"]["advertisements_received"]
    print(f"{sent / took:.0f}/s, {heard} of {sent} heard, engine {busy:.1%} of a core")
    assert heard < sent / 5
    assert busy < CPU_ALLOWED * slowness()
    backup.wait_for("MASTER", number=number)
    first = next(one for one in capture.adverts(vrid=51, since=until) if one.source.version == family)
    after = (first.at - until) / NANOSECONDS
    print(f"took over after {after:.4f} s, due after {DOWN:.4f} s")
    assert DOWN - INTERVAL / 4 < after < DOWN + INTERVAL
    assert backup.router(number)["counters"]["transitions_to_master"] == 2
    assert backup.stop() == 0


@contextmanager
def flooded(stranger: Host, advertisement: Advertisement) -> Iterator[None]:
    """While something else happens."""
    over = Event()
    with flooding(stranger) as flood:

        def go_on() -> None:
            while not over.is_set():
                flood.send(plain(advertisement, SOURCE), 20_000, 0.1)

        flooder = Thread(target=go_on)
        flooder.start()
        try:
            yield
        finally:
            over.set()
            flooder.join()


def test_within_a_flood_a_resignation_is_heard_and_so_is_a_sender_who_says_something_else(
    stranger: Host, backup: OurDaemon
) -> None:
    def counters() -> dict[str, int]:
        found: dict[str, int] = backup.router(0)["counters"]
        return found

    with flooded(stranger, WINNING), flooding(stranger) as beside:
        wait_until(lambda: counters()["advertisements_received"] > 500, "the flood is heard")
        for count in range(1, 6):
            beside.send(plain(replace(WINNING, priority=0), SOURCE), 10, 0.1)
            wait_until(lambda count=count: counters()["priority_zero_received"] == count, f"{count} are heard")  # type: ignore[misc]
        beside.send(plain(replace(WINNING, priority=210, interval=seconds(0.33)), ip_address("192.0.2.14")), 10, 0.1)
        backup.wait_for_log("192.0.2.14 advertises every 0.33 s")
    assert backup.router(0)["counters"]["transitions_to_master"] == 1, "the flood came all the time"
    assert backup.stop() == 0
