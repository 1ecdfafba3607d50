"""The site: each page once in the sidebar, what operators search for is there, and symptoms read as they do really."""

import json
import re
from ipaddress import ip_address
from typing import Final

import pytest

from failover.lab.network.client import Client
from failover.lab.network.lan import Lan
from failover.lab.network.waiting import wait_until
from failover.linux import faults
from failover.linux.faults import FaultReason
from tests.docs.generated import ROOT
from tests.engine.daemons import OurDaemon, ask, router

DOCS: Final = ROOT / "docs"
ADDRESS: Final = "192.0.2.100"
INDEX: Final = (DOCS / "index.md").read_text()
TROUBLESHOOTING: Final = (DOCS / "howto/troubleshooting.md").read_text()
FAULTS: Final = [
    faults.interface_missing("eth0"),
    faults.interface_missing("edit-this-file", "this is the sample"),
    faults.loopback("lo"),
    faults.not_ethernet("eth0"),
    faults.swallowed("eth0", "bridge"),
    faults.swallowed_by_open_vswitch("eth0"),
    faults.swallowed_by_another("eth0"),
    faults.interface_down("eth0"),
    faults.no_carrier("eth0"),
    faults.no_ipv4_source("eth0", None),
    faults.no_ipv6_source("eth0"),
    faults.not_its_source("eth0", ip_address("192.0.2.11")),
    faults.no_source_for_peers("eth0"),
    faults.no_peers("eth0"),
    faults.duplicate_source("eth0", ip_address("fe80::1")),
    faults.socket_refused("eth0", "Operation not permitted"),
    faults.mtu_too_small("eth0", 1300, 1280),
    faults.cannot_send("eth0", "Operation not permitted"),
    faults.tracker_failed("uplink", "eth1 has no carrier"),
]
PASSING: Final = {FaultReason.INTERFACE_REMADE}
"""They are over before anybody reads of them."""


def listed() -> list[tuple[str | None, str]]:
    """The pages of the sidebar in their order: the title that the index gives them, and their file."""
    entries = [
        line
        for tree in re.findall(r"^```\{toctree\}\n(.*?)^```", INDEX, re.DOTALL | re.MULTILINE)
        for line in tree.splitlines()
        if line and not line.startswith(":")
    ]
    named = (re.fullmatch(r"(.+) <(.+)>", entry) for entry in entries)
    return [(found[1], found[2]) if found else (None, entry) for found, entry in zip(named, entries, strict=True)]


def title(given: str | None, page: str) -> str:
    return given or (DOCS / f"{page}.md").read_text().partition("\n")[0].removeprefix("# ")


def test_each_page_is_in_the_sidebar_once_and_has_a_title_of_its_own() -> None:
    pages = [page for _, page in listed()]
    there = [str(path.relative_to(DOCS).with_suffix("")) for path in DOCS.rglob("*.md")]
    assert sorted([*pages, "index"]) == sorted(there)
    titles = [title(*entry).casefold() for entry in listed()]
    assert len(set(titles)) == len(titles)


@pytest.mark.parametrize(
    ("word", "page"),
    [
        ("drain", "maintenance"),
        ("reboot", "maintenance"),
        ("split brain", "troubleshooting"),
        ("firewall", "install"),
        ("permission", "troubleshooting"),
        ("logrotate", "logging"),
        ("prometheus", "monitoring"),
    ],
)
def test_what_operators_search_for_is_a_heading(word: str, page: str) -> None:
    headings = re.findall(r"^#+ (.*)$", (DOCS / f"howto/{page}.md").read_text(), re.MULTILINE)
    assert any(word in heading.casefold() for heading in headings)


@pytest.mark.parametrize(
    "symptom",
    [
        "Two MASTERs",
        "Nobody is MASTER",
        "It stays in INITIALIZE",
        "It flaps",
        "Clients do not follow",
        "Permission denied",
    ],
)
def test_each_symptom_is_a_heading(symptom: str) -> None:
    assert re.search(rf"^## {symptom}", TROUBLESHOOTING, re.MULTILINE)


def rows(heading: str) -> list[str]:
    """What the first cells of the table below that header have as code, as patterns: `…` stands for anything."""
    _, _, table = TROUBLESHOOTING.partition(heading)
    cells = re.findall(r"^\| `([^`]+)`", table.partition("\n\n")[0], re.MULTILINE)
    return [".*".join(map(re.escape, cell.split("…"))) for cell in cells]


def test_each_fault_has_a_row_and_each_row_a_fault() -> None:
    patterns = rows("| `cannot run:` | do this |")
    assert {fault.reason for fault in FAULTS} == set(FaultReason) - PASSING
    assert [fault.detail for fault in FAULTS if not any(re.match(one, fault.detail) for one in patterns)] == []
    assert [one for one in patterns if not any(re.match(one, fault.detail) for fault in FAULTS)] == []


def configure(daemon: OurDaemon, priority: int) -> None:
    daemon.config.write_text(json.dumps([router(51, f"{ADDRESS}/24", priority=priority, advert_interval=1)]))
    assert ask(daemon.control, "/reload", "POST")[0] == 200


@pytest.mark.root
def test_a_master_is_drained_without_the_gap_that_a_stop_leaves() -> None:
    """As `maintenance` says: it serves until the other one has taken over. A stop leaves the skew time, 0.6 s."""
    with Lan() as lan:
        master, other = (
            OurDaemon(lan.host(label, own), router(51, f"{ADDRESS}/24", priority=priority, advert_interval=1))
            for label, own, priority in (("one", "192.0.2.11/24", 200), ("two", "192.0.2.12/24", 100))
        )
        master.wait_for("MASTER")
        wait_until(lambda: other.router().get("master_priority") == 200, "the other one follows")
        with Client(lan.host("client", "192.0.2.13/24"), ADDRESS, patience=0.3) as client:
            client.wait_for_answer()
            configure(master, 50)
            other.wait_for("MASTER")
            master.wait_for("BACKUP")
            client.wait_for_answer()
            configure(master, 200)
            master.wait_for("MASTER")
            other.wait_for("BACKUP")
            client.wait_for_answer()
            worst = client.longest_outage()
        assert worst is None or worst.duration < 0.4e9, "less than the skew time"
