"""Accept_Mode: whether a MASTER answers what is sent to its addresses (RFC 9568 §6.4.3)."""

import json
import socket
from contextlib import closing
from typing import Any, Final

import pytest

from failover.lab.judge import who_has
from failover.lab.network.client import Client
from failover.lab.network.lan import Host, Lan
from failover.lab.network.waiting import wait_until
from tests.engine.daemons import OurDaemon, router
from tests.rfc.marks import negative, positive

pytestmark = pytest.mark.root

LINK_LOCAL: Final = "fe80::51:1/64"
IPV4: Final = router(51, "192.0.2.100/24", accept_mode=False)
IPV6: Final = router(51, LINK_LOCAL, "2001:db8::100/64", accept_mode=False)
ROUNDS: Final = 20
"""Probes without an answer, each 10 ms after the one before."""


@pytest.fixture
def host(lan: Lan) -> Host:
    return lan.host("one", "192.0.2.11/24", "2001:db8::11/64")


@pytest.fixture
def other(lan: Lan) -> Host:
    return lan.host("two", "192.0.2.12/24", "2001:db8::12/64")


def answers(client: Host, address: str) -> bool:
    """Whether one of `ROUNDS` probes is answered."""
    with Client(client, address, patience=0.2) as probing:
        wait_until(lambda: len(probing.probes()) >= ROUNDS, "so many probes")
        return any(probe.answered for probe in probing.probes())


def tables(host: Host) -> list[str]:
    """The tables of nftables that we have there."""
    listed = json.loads(host.run(["nft", "-j", "list", "tables"]).stdout)["nftables"]
    return [one["table"]["name"] for one in listed if "table" in one and one["table"]["name"].startswith("failover")]


def reload(daemon: OurDaemon, *document: dict[str, Any]) -> None:
    before = daemon.log().count("reloaded")
    daemon.config.write_text(json.dumps(list(document)))
    daemon.signal(1)
    wait_until(lambda: daemon.log().count("reloaded") > before, "it is reloaded")


@positive("R-035", "R-064", "R-107", "S-013")
@pytest.mark.parametrize("address", ["192.0.2.100", "2001:db8::100", "fe80::51:1"])
def test_with_accept_mode_false_a_ping_has_no_answer_while_arp_and_neighbour_discovery_have(
    host: Host, other: Host, address: str
) -> None:
    daemon = OurDaemon(host, IPV4, IPV6)
    daemon.wait_for("MASTER")
    daemon.wait_for("MASTER", number=1)
    assert who_has(other, address, 0.5) == {host.mac}
    assert not answers(other, address)
    assert who_has(other, address, 0.5) == {host.mac}
    assert not daemon.router()["accept_mode"]


@negative("R-036", "R-064", "S-013")
def test_the_hosts_own_addresses_and_those_of_other_routers_answer(host: Host, other: Host) -> None:
    daemon = OurDaemon(host, IPV4, IPV6, router(52, "192.0.2.101/24"))
    daemon.wait_for("MASTER", number=2)
    for address in ("192.0.2.11", "192.0.2.101", "2001:db8::11"):
        assert answers(other, address)
    assert daemon.router(2)["accept_mode"]


def test_what_the_host_sends_to_itself_and_what_it_has_begun_from_such_an_address_works(
    host: Host, other: Host
) -> None:
    daemon = OurDaemon(host, IPV4)
    daemon.wait_for("MASTER")
    assert answers(host, "192.0.2.100")
    with other.enter():
        server = socket.create_server(("192.0.2.12", 4000))
    with closing(server):
        server.settimeout(5)
        with host.enter():
            client = socket.create_connection(("192.0.2.12", 4000), 5, source_address=("192.0.2.100", 0))
        with closing(client):
            accepted, peer = server.accept()
            with closing(accepted):
                assert peer[0] == "192.0.2.100"
                accepted.sendall(b"hello")
                assert client.recv(5) == b"hello"


def test_a_reload_changes_it_while_the_address_stays_and_the_last_one_leaves_no_table(host: Host, other: Host) -> None:
    daemon = OurDaemon(host, IPV4)
    daemon.wait_for("MASTER")
    assert tables(host)
    reload(daemon, {**IPV4, "accept_mode": True})
    assert answers(other, "192.0.2.100")
    assert tables(host) == []
    reload(daemon, IPV4)
    assert not answers(other, "192.0.2.100")
    reload(daemon, IPV4, router(53, "192.0.2.103/24", accept_mode=False))
    daemon.wait_for("MASTER", number=1)
    assert not answers(other, "192.0.2.103")
    assert daemon.router()["counters"]["transitions_to_master"] == 1


def test_a_firewall_that_starts_again_changes_nothing(host: Host, other: Host) -> None:
    daemon = OurDaemon(host, IPV4)
    daemon.wait_for("MASTER")
    host.run(["nft", "flush", "ruleset"])
    assert not answers(other, "192.0.2.100")


@pytest.mark.parametrize("end", [OurDaemon.kill, OurDaemon.stop])
def test_nothing_is_left_however_the_daemon_ends(host: Host, other: Host, end: Any) -> None:
    daemon = OurDaemon(host, IPV4)
    daemon.wait_for("MASTER")
    assert len(tables(host)) == 1
    end(daemon)
    wait_until(lambda: tables(host) == [], "the kernel has removed the table")
    again = OurDaemon(host, IPV4, label="again")
    again.wait_for("MASTER")
    assert len(tables(host)) == 1
    assert not answers(other, "192.0.2.100")


@pytest.mark.parametrize("others", [[], ["169.254.1.1/16"]], ids=["its-only-one", "its-only-global-one"])
def test_an_address_that_the_host_needs_answers_all_the_same(lan: Lan, other: Host, others: list[str]) -> None:
    host = lan.host("bare", "192.0.2.100/24", *others)
    daemon = OurDaemon(host, IPV4)
    if others:
        daemon.wait_for("MASTER")
    else:
        daemon.wait_for("INITIALIZE", "no_source_address")
    assert answers(other, "192.0.2.100")
    host.ip("address add 192.0.2.13/24 dev eth0")
    if not others:
        daemon.wait_for("MASTER")
        assert not answers(other, "192.0.2.100")


@positive("R-064")
def test_the_owner_is_not_concerned(lan: Lan, other: Host) -> None:
    host = lan.host("owner", "192.0.2.100/24", "192.0.2.13/24")
    owner = router(51, "192.0.2.100/24", priority=255)
    daemon = OurDaemon(host, owner, router(52, "192.0.2.104/24", accept_mode=False))
    daemon.wait_for("MASTER", number=1)
    assert answers(other, "192.0.2.100")
    assert not answers(other, "192.0.2.104")


def test_without_it_no_table_is_made(host: Host) -> None:
    daemon = OurDaemon(host, router())
    daemon.wait_for("MASTER")
    assert tables(host) == []


def test_many_addresses_are_dropped(host: Host, other: Host) -> None:
    more = [f"192.0.3.{number}/32" for number in range(1, 251)]
    daemon = OurDaemon(host, {**IPV4, "excluded_ip_addresses": more})
    daemon.wait_for("MASTER")
    ruleset = host.run(["nft", "list", "ruleset"]).stdout
    assert all(address.removesuffix("/32") in ruleset for address in more)
    assert "192.0.2.100" in ruleset
