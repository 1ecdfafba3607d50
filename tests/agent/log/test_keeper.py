"""The process that opens the log file for an agent that may open none."""

import os
import resource
import signal
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from failover.agent.log.keeper import KeptLogFile, fork_off
from failover.linux.process.capabilities import WRITE_ALL


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "directory" / "log"


@pytest.fixture
def log(path: Path) -> Iterator[KeptLogFile]:
    with closing(fork_off(path)) as made:
        yield made
        made.hang_up()
    os.waitpid(-1, 0)


def keeper() -> int:
    """The child of this process."""
    return int(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()[0])


def test_lines_go_to_the_file_that_is_there_whatever_became_of_the_one_before(log: KeptLogFile, path: Path) -> None:
    assert not log.write("lost, there is no directory yet")
    path.parent.mkdir()
    assert log.write("one")
    assert log.write("two")
    assert path.read_text() == "one\ntwo\n"
    path.rename(path.with_suffix(".1"))
    assert log.write("three")
    path.unlink()
    assert log.write("four")
    path.with_suffix(".2").write_text("")
    path.with_suffix(".2").rename(path)
    assert log.write("five")
    assert path.with_suffix(".1").read_text() == "one\ntwo\n"
    assert path.read_text() == "five\n"


def test_after_a_line_that_failed_it_is_opened_anew(log: KeptLogFile, path: Path) -> None:
    path.parent.mkdir()
    assert log.write("one")
    log.close()  # as after a full disk
    assert log.write("two")
    assert path.read_text() == "one\ntwo\n"


def test_without_room_for_a_descriptor_a_line_fails_and_the_next_one_is_tried_anew(
    log: KeptLogFile, path: Path
) -> None:
    path.parent.mkdir()
    assert log.write("one")
    path.rename(path.with_suffix(".1"))
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    free = os.dup(0)
    os.close(free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free, hard))
    try:
        kept = [log.write("two"), log.write("three")]
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert kept == [False, True], "the one that could not be replaced has made room"
    assert log.write("four")
    assert path.read_text() == "three\nfour\n"
    assert path.with_suffix(".1").read_text() == "one\n"


def test_a_line_after_half_a_line_begins_anew_also_in_a_file_that_came_meanwhile(log: KeptLogFile, path: Path) -> None:
    path.parent.mkdir()
    path.write_text("torn by ano")
    assert log.write("one")
    path.with_suffix(".2").write_text("as is th")
    path.with_suffix(".2").rename(path)
    assert log.write("two")
    log.close()
    assert log.write("three")
    assert path.read_text() == "as is th\ntwo\nthree\n"


def test_it_has_no_right_but_that_to_write_and_none_of_the_agent_s_sockets(path: Path) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        log = fork_off(path, theirs)
        try:
            log.write("it has begun")
            status = Path(f"/proc/{keeper()}/status").read_text().splitlines()
            there = {str(one.readlink()) for one in Path(f"/proc/{keeper()}/fd").iterdir()}
            assert str(Path(f"/proc/self/fd/{theirs.fileno()}").readlink()) not in there
        finally:
            log.hang_up()
            os.waitpid(-1, 0)
    sets = {line.split(":\t")[0]: line.split(":\t")[1] for line in status if ":\t" in line}
    assert int(sets["CapEff"], 16) & ~(1 << WRITE_ALL) == 0
    assert (sets["NoNewPrivs"], sets["Seccomp"]) == ("1", "2")


def test_an_agent_without_its_keeper_ends_so_that_the_engine_starts_both_anew(path: Path) -> None:
    log = fork_off(path)
    path.parent.mkdir()
    assert log.write("one")
    os.kill(keeper(), signal.SIGKILL)
    os.waitpid(-1, 0)
    with pytest.raises(SystemExit, match="the process that opens the log file has died"):
        log.write("two")
    log.close()
    log.hang_up()
