"""The process that reads secrets for the one that takes the configuration apart."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from failover.config import Complaint, Source
from failover.engine.reload.secret_reader import SecretReader, fork_off
from failover.vrrp import Secret


@pytest.fixture
def reader() -> Iterator[SecretReader]:
    made = fork_off()
    yield made
    made.close()


def test_it_reads_what_is_there_and_says_what_is_wrong(reader: SecretReader, tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_bytes(b"\xff secret\n")
    file.chmod(0o600)
    assert reader.read(Source("file", str(file))) == Secret(b"\xff secret")
    file.chmod(0o644)
    refused = reader.read(Source("file", str(file)))
    assert isinstance(refused, Complaint)
    assert refused == Complaint("may be read or changed by others (mode 0644)", "chmod 0600, or 0640")
    assert reader.read(Source("file", f"{file}2")) == Complaint("cannot be read: No such file or directory")


def test_a_name_that_is_no_name_is_refused(reader: SecretReader) -> None:
    assert reader.read(Source("file", "/" + "x" * 1_000_000)) == Complaint("cannot be read")
    assert isinstance(reader.read(Source("file", "/")), Complaint)


def test_where_it_has_died_nothing_can_be_read(tmp_path: Path) -> None:
    (tmp_path / "key").touch(0o600)
    made = fork_off()
    os.kill(made.pid, signal.SIGKILL)
    os.waitid(os.P_PID, made.pid, os.WEXITED | os.WNOWAIT)
    assert made.read(Source("file", str(tmp_path / "key"))) == Complaint("cannot be read")
    made.close()


def test_it_ends_when_it_is_not_needed_any_more() -> None:
    made = fork_off()
    made.close()
    with pytest.raises(ProcessLookupError):
        os.kill(made.pid, 0)
