"""A log file that is moved away, removed, or cannot be written for a while."""

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from failover.agent.log.log_file import LogFile


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
