"""Events in words: every cause, oddity and kind of event that exists has some."""

import pytest

from failover.agent.log.text import line, sentence
from failover.engine.account.evidence import transition_fields
from failover.events import KINDS
from failover.messages import Event, Value
from failover.vrrp import Cause, Oddity, ShutDown, StateChanged
from failover.wording import CAUSES, ODDITIES
from tests.engine.account.test_evidence import BACKUP, CASES, INITIALIZE, NOW

AT = 1_767_225_600_000_000_000
ODD: dict[str, Value] = {
    "source": "192.0.2.12",
    "priority": 90,
    "own_priority": 100,
    "interval_seconds": 0.5,
    "own_interval_seconds": 1.0,
    "addresses": "192.0.2.7, 192.0.2.8",
    "own_addresses": "192.0.2.100",
    "own_networks": "192.0.2.0/24",
}
SENTENCES: dict[str, tuple[dict[str, Value], str]] = {
    "discarded": (
        {"reason": "checksum", "source": "192.0.2.12", "detail": "checksum"},
        "discarded an advertisement from 192.0.2.12: checksum",
    ),
    "send_failed": (
        {"what": "advertisement", "error": "Operation not permitted"},
        "could not send an advertisement: Operation not permitted",
    ),
    "password_cut": ({}, "the password has more than 8 bytes; only the first 8 are used, as in keepalived"),
    "send_recovered": (
        {"what": "advertisement", "failed": 12, "error": "Operation not permitted"},
        "advertisements are sent again; 12 had failed: Operation not permitted",
    ),
    "addresses_failed": (
        {"doing": "installing", "count": 2, "errors": "192.0.2.100/24: Permission denied"},
        "installing 2 addresses failed: 192.0.2.100/24: Permission denied",
    ),
    "addresses_reordered": (
        {"interface": "eth0", "addresses": "192.0.2.100/24, 192.0.2.101/24", "own": "192.0.2.12/24"},
        "moved 192.0.2.100/24, 192.0.2.101/24 on eth0 behind 192.0.2.12/24, the host's own address",
    ),
    "lifetimes_restored": (
        {"interface": "eth0", "addresses": "192.0.2.100/24"},
        "another program changed the lifetimes of 192.0.2.100/24 on eth0; restored",
    ),
    "addresses_restored": (
        {"interface": "eth0", "addresses": "192.0.2.100/24"},
        "192.0.2.100/24 was removed from eth0 by another program; restored",
    ),
    "leftovers_removed": (
        {"interface": "eth0", "addresses": "192.0.2.100/24", "failed": 0},
        "removed what an earlier run left on eth0: 192.0.2.100/24",
    ),
    "foreign_removed": (
        {"interface": "eth0", "addresses": "192.0.2.11/24", "failed": 0},
        (
            "removed 192.0.2.11/24 from eth0: the configuration has it as virtual, so only the MASTER may have it;"
            " failover had not added it"
        ),
    ),
    "strays_removed": (
        {"interface": "eth0", "addresses": "192.0.2.100/32", "failed": 0},
        "192.0.2.100/32 was added to eth0 by another program, but this host is not MASTER; removed",
    ),
    "agent_trouble": (
        {"trouble": "no client is accepted: Too many open files", "where": "clients"},
        "agent: no client is accepted: Too many open files",
    ),
    "signal": (
        {"signal": "SIGALRM", "outcome": "the daemon shuts down cleanly"},
        "SIGALRM: the daemon shuts down cleanly",
    ),
    "interface_remade": (
        {"interface": "eth0", "families": "ipv4, ipv6"},
        "eth0 was re-created (ipv4, ipv6); sockets and addresses are set up again",
    ),
    "reloaded": (
        {"added": 1, "removed": 2, "changed": 3, "unchanged": 4, "needs_restart": "lock_memory, cpu_affinity"},
        (
            "reloaded the configuration: 1 added, 2 removed, 3 changed, 4 unchanged;"
            " needs a restart: lock_memory, cpu_affinity"
        ),
    ),
    "reload_failed": (
        {"error": "vrrp-config.json: 1 problem; $.vrid: 300 is out of range; allowed: 1 to 255"},
        (
            "the configuration was not reloaded, nothing was changed: vrrp-config.json: 1 problem;"
            " $.vrid: 300 is out of range; allowed: 1 to 255"
        ),
    ),
    "tracker_failed": (
        {"tracker": "uplink", "detail": "eth1 has no carrier"},
        "tracker uplink failed: eth1 has no carrier",
    ),
    "tracker_recovered": (
        {"tracker": "uplink", "detail": "eth1 has no carrier"},
        "tracker uplink is well again (was: eth1 has no carrier)",
    ),
    "priority_changed": (
        {"previous": 150, "current": 90, "because": "uplink (-60): eth1 has no carrier"},
        "priority 150 -> 90: uplink (-60): eth1 has no carrier",
    ),
    "degraded": (
        {"warning": "memory is not locked: needs CAP_IPC_LOCK"},
        "memory is not locked: needs CAP_IPC_LOCK",
    ),
    "addresses_contested": (
        {"interface": "eth0", "addresses": "192.0.2.100/24"},
        (
            "another program, such as keepalived, keeps adding 192.0.2.100/24 to eth0, but only the MASTER may have it;"
            " stop that program, or remove the address from its configuration"
        ),
    ),
    "addresses_left": (
        {"interface": "eth0", "addresses": "192.0.2.11/24"},
        (
            "192.0.2.11/24 stays on eth0 in every state, because it is the host's own address; remove it if only the"
            " MASTER should have it"
        ),
    ),
    "duplicate_address": (
        {"interface": "eth0", "address": "192.0.2.11", "mac": "02:00:00:00:00:02"},
        (
            "another host (02:00:00:00:00:02) has this host's address 192.0.2.11 on eth0, and neither hears the other;"
            " give one of them another address"
        ),
    ),
    "duplicate_address_over": (
        {"interface": "eth0", "address": "192.0.2.11", "mac": "02:00:00:00:00:02"},
        "no other host advertises from this host's address 192.0.2.11 on eth0 any more",
    ),
    "clone": (
        {"interface": "eth0", "address": "192.0.2.11", "mac": "02:00:00:00:00:01"},
        (
            "eth0 receives VRRP packets from this host's own IP and MAC address: a clone of this host, or a loop in the"
            " network; give the clone another MAC and IP address"
        ),
    ),
    "address_elsewhere": (
        {"interface": "eth0", "addresses": "192.0.2.100, 192.0.2.101", "mac": "02:00:00:00:00:02"},
        (
            "another host, 02:00:00:00:00:02, answers for 192.0.2.100, 192.0.2.101 on eth0, too; if it is MASTER"
            " as well, the two do not hear each other: check firewalls and switch (IP protocol 112); if its daemon was"
            " killed, run failover teardown there; if it uses another VRID or version, correct that; else remove the"
            " address there"
        ),
    ),
    "address_elsewhere_over": (
        {"interface": "eth0", "addresses": "fe80::51:1", "mac": "00:00:5e:00:02:34"},
        "virtual router 52 of another host (00:00:5e:00:02:34) no longer answers for fe80::51:1 on eth0",
    ),
    "cannot_send": (
        {"interface": "eth0", "error": "Operation not permitted", "is_refused": True},
        (
            "this host cannot send VRRP on eth0, so it cannot take over: Operation not permitted; most likely a"
            " firewall on this host drops outgoing VRRP (IP protocol 112)"
        ),
    ),
    "cannot_send_over": (
        {"interface": "eth0", "error": "Network is unreachable", "is_refused": False},
        "this host can send VRRP on eth0 again",
    ),
    "other_program": (
        {"interface": "eth0", "vrid": 51},
        "another program on this host, such as keepalived, also advertises VRID 51 on eth0: stop it",
    ),
    "other_program_over": (
        {"interface": "eth0", "vrid": 51},
        "no other program on this host advertises VRID 51 on eth0 any more",
    ),
    "unheard_master": (
        {"source": "192.0.2.12", "priority": 200},
        (
            "192.0.2.12 advertises with priority 200 as well, and this host does not hear it: most likely a firewall on"
            " this host drops VRRP (IP protocol 112)"
        ),
    ),
    "unheard_master_over": (
        {"source": "192.0.2.12", "priority": 200},
        "192.0.2.12 is heard again, or no longer advertises",
    ),
    "late": (
        {"late_seconds": 1.5, "master_down_interval_seconds": 3.609375},
        (
            "the daemon ran 1.5 s late, more than a quarter of the shortest master down interval (3.61 s):"
            " the host is too busy or was paused"
        ),
    ),
    "agent_died": (
        {"how": "SIGKILL"},
        "the agent (status and log) died (SIGKILL) and was restarted",
    ),
    "events_lost": (
        {"count": 3},
        "3 messages from the engine were lost, because the agent was too slow",
    ),
    "network_unread": (
        {"error": "netlink dump: busy"},
        "could not read the state of the interfaces, trying again: netlink dump: busy",
    ),
}


def test_every_cause_has_words_and_no_other() -> None:
    assert {str(told["cause"]) for _, told in CASES} == set(CAUSES)


def test_every_oddity_has_words_and_no_other() -> None:
    assert {oddity.value for oddity in Oddity} == set(ODDITIES)


@pytest.mark.parametrize(("cause", "told"), CASES, ids=[str(case[1]["cause"]) for case in CASES])
def test_a_transition_is_a_sentence_from_the_fields_that_the_engine_sends(
    cause: Cause, told: dict[str, object]
) -> None:
    fields = transition_fields(StateChanged(INITIALIZE, BACKUP, cause), NOW)
    said = sentence(Event(at=AT, kind="state_changed", fields=fields))
    assert said.startswith("INITIALIZE -> BACKUP: ")
    assert "{" not in said
    for evidence in ("master", "detail"):
        if evidence in told and told["cause"] != "fault_over":
            assert str(told[evidence]) in said


def test_a_change_of_fault_is_not_told_as_a_transition() -> None:
    cause = next(case for case, told in CASES if told["cause"] == "fault")
    fields = transition_fields(StateChanged(INITIALIZE, INITIALIZE, cause), NOW)
    assert sentence(Event(at=AT, kind="state_changed", fields=fields)) == "still INITIALIZE: eth0 has no carrier"


@pytest.mark.parametrize("oddity", list(Oddity))
def test_an_oddity_is_a_sentence_about_its_source(oddity: Oddity) -> None:
    said = sentence(Event(at=AT, kind="oddity", fields={**ODD, "oddity": oddity.value}))
    assert said.startswith("192.0.2.12 ")
    assert oddity.value not in said


def test_each_other_kind_has_a_case_here() -> None:
    assert set(SENTENCES) == set(KINDS) - {"state_changed", "oddity"}


@pytest.mark.parametrize("kind", SENTENCES)
def test_each_other_kind_reads_like_this(kind: str) -> None:
    fields, expected = SENTENCES[kind]
    assert sentence(Event(at=AT, kind=kind, fields=fields)) == expected
    assert set(KINDS[kind].fields) <= fields.keys()


@pytest.mark.parametrize("kind", ["addresses_restored", "strays_removed"])
def test_several_addresses_were_and_not_was(kind: str) -> None:
    for several in ("192.0.2.100/24, 192.0.2.101/24", "192.0.2.100/24 and 7 more"):
        told = Event(at=AT, kind=kind, fields={**SENTENCES[kind][0], "addresses": several})
        assert sentence(told).startswith(f"{several} were ")


def test_what_ends_in_initialize_is_stopped() -> None:
    fields = transition_fields(StateChanged(INITIALIZE, INITIALIZE, ShutDown()), NOW)
    assert sentence(Event(at=AT, kind="state_changed", fields=fields)) == "stopped"


def test_leftovers_that_could_not_be_removed_are_told() -> None:
    fields = {**SENTENCES["leftovers_removed"][0], "failed": 1}
    said = sentence(Event(at=AT, kind="leftovers_removed", fields=fields))
    assert said.endswith("192.0.2.100/24 (1 of them could not be removed)")


def test_what_was_suppressed_is_counted_at_the_end() -> None:
    fields, expected = SENTENCES["discarded"]
    said = sentence(Event(at=AT, kind="discarded", fields={**fields, "suppressed": 41}))
    assert said == f"{expected} (and 41 more like it since the last report)"


def test_a_kind_without_words_of_its_own_shows_its_fields() -> None:
    assert sentence(Event(at=AT, kind="new", fields={"a": 1, "b": None})) == "new a=1 b=None"


def test_a_kind_that_lacks_what_its_words_are_about_shows_its_fields() -> None:
    fields: dict[str, Value] = {"cause": "master_down", "suppressed": 2}
    said = sentence(Event(at=AT, kind="state_changed", fields=fields))
    assert said == "state_changed cause=master_down suppressed=2 (and 2 more like it since the last report)"


def test_a_line_has_time_and_router() -> None:
    event = Event(at=AT, kind="new", name="VR_1", family="ipv6", fields={"a": 1})
    assert line(event) == "2026-01-01T00:00:00.000Z VR_1 (ipv6): new a=1"
    assert line(Event(at=AT, kind="new")) == "2026-01-01T00:00:00.000Z: new "
