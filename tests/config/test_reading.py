"""Files of every kind, read to their end or refused in time."""

import os
import threading
from pathlib import Path

import pytest

from failover.config import ConfigError, load, reading
from failover.config.reading import read


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "PATIENCE_SECONDS", 0.2)


def test_a_file_is_read_whole_but_no_more_than_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(range(256)) * 1000)
    assert read(path, 1 << 20) == path.read_bytes()
    assert read(path, 70_000) == path.read_bytes()[:70_000]
    assert read("/dev/zero", 70_000) == bytes(70_000)


def test_a_pipe_is_read_to_its_end_also_where_the_writer_comes_later(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Timer(0.05, lambda: path.write_bytes(b"x" * 200_000))
    writer.start()
    assert read(path, 1 << 20) == b"x" * 200_000
    writer.join()


def test_a_pipe_without_a_writer_or_without_an_end_is_given_up(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    with pytest.raises(ConfigError, match=r"cannot be read: it did not end within 0\.2 s"):
        load(path)
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.write(descriptor, b"{")
        with pytest.raises(TimeoutError):
            read(path, 100)
    finally:
        os.close(descriptor)


def test_a_directory_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError):
        read(tmp_path, 100)
