"""A log file that is moved away, removed, or cannot be written for a while."""

import errno
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from failover.agent.log import log_file
from failover.agent.log.log_file import HandedOver, LogFile, open_log
from tests.engine.daemons import ENVIRONMENT


@pytest.fixture
def log(tmp_path: Path) -> Iterator[LogFile]:
    with closing(LogFile(tmp_path / "directory" / "log")) as made:
        yield made


def test_lines_are_appended_to_what_was_there(log: LogFile, tmp_path: Path) -> None:
    path = tmp_path / "directory" / "log"
    path.parent.mkdir()
    path.write_text("before\n")
    assert log.write("one")
    assert log.write("two")
    assert path.read_text() == "before\none\ntwo\n"


def test_after_a_rotation_lines_go_to_the_new_file(log: LogFile, tmp_path: Path) -> None:
    path = tmp_path / "directory" / "log"
    path.parent.mkdir()
    assert log.write("one")
    path.rename(path.with_suffix(".1"))
    assert log.write("two")
    path.unlink()
    assert log.write("three")
    assert path.with_suffix(".1").read_text() == "one\n"
    assert path.read_text() == "three\n"


def test_a_file_that_cannot_be_opened_is_tried_again_with_the_next_line(log: LogFile, tmp_path: Path) -> None:
    directory = tmp_path / "directory"
    assert not log.write("lost")
    directory.mkdir()
    assert log.write("kept")
    assert (directory / "log").read_text() == "kept\n"


def test_a_pipe_that_nobody_reads_or_that_is_full_keeps_nobody_waiting(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    with closing(LogFile(path)) as log:
        assert not log.write("lost")
        reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        try:
            assert log.write("kept")
            assert os.read(reader, 100) == b"kept\n"
            while log.write("x" * 4000):
                pass
        finally:
            os.close(reader)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full disk to try")
def test_a_full_disk_is_no_error_of_the_agents() -> None:
    log = LogFile(Path("/dev/full"))
    assert not log.write("lost")
    assert not log.write("lost too")


def test_a_line_that_was_cut_short_does_not_run_into_the_next_one(
    log: LogFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "directory" / "log"
    path.parent.mkdir()
    room = [3, 0, 8, 1, 1, 0, 100]
    write = os.write

    def full(descriptor: int, data: bytes) -> int:
        """What a disk does that has little room, and then none."""
        left = room.pop(0)
        if not left:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(descriptor, data[:left])

    monkeypatch.setattr(os, "write", full)
    assert not log.write("one")
    assert log.write("two-two")
    assert not log.write("x")
    assert log.write("three")
    assert path.read_text() == "one\ntwo-two\nx\nthree\n"


def test_a_line_that_the_kernel_writes_in_pieces_is_whole(
    log: LogFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "directory").mkdir()
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, data[:2]))
    assert log.write("one")
    assert log.write("two")
    assert (tmp_path / "directory" / "log").read_text() == "one\ntwo\n"


@pytest.mark.root
def test_a_really_full_disk_glues_no_lines(tmp_path: Path) -> None:
    """A process in a mount namespace of its own, with a file system of one page."""
    script = (
        "import pathlib, sys; from failover.agent.log.log_file import LogFile\n"
        "path = pathlib.Path(sys.argv[1], 'log'); log = LogFile(path)\n"
        "kept = [n for n in range(100) if log.write(f'{n:03d} ' + 95 * 'x')]\n"
        "assert kept and len(kept) < 100; cut = path.read_bytes()[-1:] != b'\\n'\n"
        "path.rename(path.with_suffix('.1')); path.with_suffix('.1').unlink(); assert log.write('new')\n"
        "assert path.read_text() == 'new\\n'; print(cut, len(kept))"
    )
    mount = 'mount -t tmpfs -o size=4096 none "$1" && exec "$2" -c "$3" "$1"'
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", mount, "sh", str(tmp_path), sys.executable, script],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert (done.returncode, done.stdout) == (0, "True 40\n"), done.stderr


def test_the_line_of_an_agent_that_was_killed_does_not_run_into_the_next_ones(log: LogFile, tmp_path: Path) -> None:
    path = tmp_path / "directory" / "log"
    path.parent.mkdir()
    path.write_text("whole\nhal")
    assert log.write("one")
    assert log.write("two")
    assert path.read_text() == "whole\nhal\none\ntwo\n"


def test_what_takes_the_place_of_the_file_while_it_is_opened_keeps_nobody_waiting(
    log: LogFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever owns the directory may put anything there, at any moment."""
    path = tmp_path / "directory" / "log"
    path.parent.mkdir()
    path.write_text("hal")

    def opened(path: Path) -> int:
        descriptor = open_log(path)
        path.rename(path.with_suffix(".1"))
        os.mkfifo(path)
        return descriptor

    monkeypatch.setattr(log_file, "open_log", opened)
    assert log.write("one")
    assert path.with_suffix(".1").read_text() == "hal\none\n"


@pytest.mark.parametrize("exists", [True, False])
def test_a_log_is_not_written_through_a_symbolic_link(tmp_path: Path, *, exists: bool) -> None:
    target, path = tmp_path / "shadow", tmp_path / "log"
    if exists:
        target.write_text("secret\n")
    path.symlink_to(target)
    with pytest.raises(OSError, match="is a symbolic link") as refused:
        open_log(path)
    assert refused.value.filename == str(path)
    with closing(LogFile(path)) as log:
        assert not log.write("line")
    assert target.exists() == exists
    assert not exists or target.read_text() == "secret\n"


def test_what_is_handed_over_is_written_and_never_opened_again() -> None:
    reader, writer = os.pipe()
    log = HandedOver(writer)
    assert log.write("one")
    assert os.read(reader, 100) == b"one\n"
    os.close(reader)
    assert not log.write("lost")
    assert not log.write("lost too")
    os.close(writer)


def test_nobody_else_writes_in_the_log_whatever_the_umask(log: LogFile, tmp_path: Path) -> None:
    (tmp_path / "directory").mkdir()
    before = os.umask(0)
    try:
        assert log.write("line")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "directory" / "log").stat().st_mode) == 0o644
