"""The process that opens the log file for an agent that may open none."""

import errno
import json
import os
import resource
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from failover.agent.log import keeper as keeping
from failover.agent.log.keeper import KeptLogFile, fork_off
from failover.agent.log.log_file import LogFile
from failover.linux.confinement import landlock
from failover.linux.process.capabilities import WRITE_ALL


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "directory").mkdir()
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
    assert log.write("one")
    log.close()  # as after a full disk
    assert log.write("two")
    assert path.read_text() == "one\ntwo\n"


def test_without_room_for_a_descriptor_a_line_fails_and_the_next_one_is_tried_anew(
    log: KeptLogFile, path: Path
) -> None:
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


needs_landlock = pytest.mark.skipif(not landlock.level(), reason="the kernel has no Landlock")


@needs_landlock
def test_it_can_open_and_make_files_in_the_directory_of_the_log_and_nowhere_else(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere, link = path.parent.parent / "elsewhere", path.with_name("link")
    elsewhere.write_text("precious")
    link.symlink_to(elsewhere)

    def outcome(attempt: Callable[[], object]) -> str:
        try:
            attempt()
        except OSError as error:
            return errno.errorcode[error.errno or 0]
        return "done"

    def probe(log: LogFile, agent: socket.socket, _: Callable[[], bool]) -> None:
        """In the place of the keeper, in its process."""
        tries: dict[str, Callable[[], object]] = {
            "the log": log.descriptor,
            "the next log": lambda: path.with_suffix(".1").touch(),
            "write elsewhere": lambda: elsewhere.open("a"),
            "write elsewhere by a link": lambda: link.open("a"),
            "read elsewhere": elsewhere.read_bytes,
            "make elsewhere": elsewhere.with_suffix(".1").touch,
            "write /etc": Path("/etc/failover-probe").touch,
            "read /etc/passwd": Path("/etc/passwd").read_bytes,
            "read a directory": lambda: list(path.parent.iterdir()),
            "remove the log": path.unlink,
            "make a directory": lambda: path.with_suffix(".d").mkdir(),
            "execute": lambda: os.execv("/bin/true", ["true"]),  # noqa: S606 - it may not
        }
        agent.send(json.dumps({name: outcome(attempt) for name, attempt in tries.items()}).encode())

    monkeypatch.setattr(keeping, "keep", probe)
    log = fork_off(path)
    found = json.loads(log._keeper.recv(4096))
    log.hang_up()
    os.waitpid(-1, 0)
    assert [name for name, came in found.items() if came == "done"] == ["the log", "the next log"]
    assert set(found.values()) == {"done", "EACCES", "EPERM"}
    assert elsewhere.read_text() == "precious"


@needs_landlock
def test_where_the_directory_was_made_anew_agent_and_keeper_are_too(path: Path) -> None:
    log = fork_off(path)
    assert log.write("one")
    path.unlink()
    path.parent.rmdir()
    assert not log.write("lost, there is no directory")
    path.parent.mkdir()
    with pytest.raises(SystemExit, match="two\nthe process that opens the log file has died"):
        log.write("two")
    os.waitpid(-1, 0)
    log.hang_up()


def test_without_landlock_the_log_is_written_all_the_same(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: object) -> None:
        raise OSError(errno.ENOSYS, "Function not implemented")

    monkeypatch.setattr(landlock.Ruleset, "__init__", missing)
    path.parent.rmdir()
    with closing(fork_off(path)) as log:
        assert not log.write("lost, there is no directory yet")
        path.parent.mkdir()
        assert log.write("one")
        log.hang_up()
    os.waitpid(-1, 0)
    assert path.read_text() == "one\n"


def test_an_agent_without_its_keeper_ends_so_that_the_engine_starts_both_anew(path: Path) -> None:
    log = fork_off(path)
    assert log.write("one")
    os.kill(keeper(), signal.SIGKILL)
    os.waitpid(-1, 0)
    with pytest.raises(SystemExit, match="two\nthe process that opens the log file has died"):
        log.write("two")
    log.close()
    log.hang_up()
