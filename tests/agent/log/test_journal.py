"""Entries of the journal, read back by its own rules."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from failover.agent.log.journal import Journal, entry, is_standard_error
from failover.events import KINDS
from failover.messages import Event
from tests.engine.daemons import ENVIRONMENT

CHANGED = Event(
    at=1_790_000_000_000_000_000,
    kind="state_changed",
    name="VR_1",
    family="ipv4",
    fields={"previous": "BACKUP", "current": "MASTER", "cause": "no_master", "silence_seconds": 3.6},
)


def read(datagram: bytes) -> dict[str, str]:
    """The fields, as the journal takes them apart."""
    fields: dict[str, str] = {}
    while datagram:
        line, _, rest = datagram.partition(b"\n")
        name, is_text, value = line.partition(b"=")
        if not is_text:
            length = int.from_bytes(rest[:8], "little")
            value, rest = rest[8 : 8 + length], rest[8 + length :]
            assert rest[:1] == b"\n"
            rest = rest[1:]
        fields[name.decode()] = value.decode()
        datagram = rest
    return fields


def test_an_entry_has_the_sentence_and_the_evidence() -> None:
    assert read(entry(CHANGED)) == {
        "MESSAGE": "VR_1 (ipv4): BACKUP -> MASTER: no MASTER heard in 3.6 s",
        "PRIORITY": "5",
        "SYSLOG_IDENTIFIER": "failover",
        "FAILOVER_KIND": "state_changed",
        "FAILOVER_AT": "1790000000000000000",
        "FAILOVER_NAME": "VR_1",
        "FAILOVER_FAMILY": "ipv4",
        "FAILOVER_PREVIOUS": "BACKUP",
        "FAILOVER_CURRENT": "MASTER",
        "FAILOVER_CAUSE": "no_master",
        "FAILOVER_SILENCE_SECONDS": "3.6",
    }


def test_what_is_about_the_daemon_names_no_router_and_what_warns_is_a_warning() -> None:
    fields = read(entry(Event(at=0, kind="degraded", fields={"warning": "memory is not locked"})))
    assert (fields["MESSAGE"], fields["PRIORITY"]) == ("memory is not locked", "4")
    assert not {"FAILOVER_NAME", "FAILOVER_FAMILY"} & fields.keys()


@given(st.text())
def test_whatever_a_value_says_it_stays_one_value(said: str) -> None:
    fields = read(entry(Event(at=0, kind="degraded", fields={"warning": said})))
    assert fields["FAILOVER_WARNING"] == said.encode(errors="backslashreplace").decode()
    assert len(fields) == 6


@pytest.mark.parametrize("kind", KINDS)
def test_names_of_fields_are_such_as_the_journal_takes(kind: str) -> None:
    fields = {"oddity": "several_owners", "cause": "started", "source": "192.0.2.1"}
    with_all = Event(at=0, kind="x", fields={**fields, "kind": kind})
    assert all(
        name.replace("_", "A").isalnum() and name.isupper() and len(name) <= 64 for name in read(entry(with_all))
    )


@pytest.fixture
def listening(tmp_path: Path) -> Iterator[tuple[Path, socket.socket]]:
    path = tmp_path / "socket"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
        server.bind(str(path))
        server.settimeout(5)
        yield path, server


def test_entries_arrive_also_at_a_journal_that_was_restarted(listening: tuple[Path, socket.socket]) -> None:
    path, server = listening
    with closing(Journal(path)) as journal, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as again:
        assert journal.write(CHANGED)
        assert read(server.recv(4096))["FAILOVER_NAME"] == "VR_1"
        path.unlink()
        assert not journal.write(CHANGED)
        again.bind(str(path))
        assert journal.write(CHANGED)
        assert again.recv(4096) == entry(CHANGED)


def test_a_journal_that_takes_nothing_more_keeps_nobody_waiting(listening: tuple[Path, socket.socket]) -> None:
    path, _ = listening
    taken = 0
    with closing(Journal(path)) as journal:
        while journal.write(CHANGED):
            taken += 1
            assert taken < 100_000


@pytest.mark.parametrize(("stream", "is_it"), [("its own", True), ("another", False), ("nonsense", False), ("", False)])
def test_standard_error_is_the_journal_where_systemd_says_so(tmp_path: Path, stream: str, is_it: bool) -> None:  # noqa: FBT001
    with (tmp_path / "stream").open("w") as file:
        there = os.fstat(file.fileno())
        said = {"its own": f"{there.st_dev}:{there.st_ino}", "another": f"{there.st_dev}:{there.st_ino + 1}"}
        script = "import os; from failover.agent.log.journal import is_standard_error as i; print(i(os.environ))"
        done = subprocess.run(
            [sys.executable, "-c", script],
            env={**ENVIRONMENT, "JOURNAL_STREAM": said.get(stream, stream)},
            stdout=subprocess.PIPE,
            stderr=file,
            check=True,
        )
    assert done.stdout.decode().strip() == str(is_it)
    assert not is_standard_error({})
