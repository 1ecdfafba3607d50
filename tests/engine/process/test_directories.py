"""Directories made and removed again."""

import os
from pathlib import Path

import pytest

from failover.engine.process import directories


def test_what_was_missing_is_made_and_removed_again_and_no_more(tmp_path: Path) -> None:
    made = directories.make(tmp_path / "a" / "b" / "c")
    assert made == [tmp_path / "a" / "b" / "c", tmp_path / "a" / "b", tmp_path / "a"]
    (tmp_path / "a" / "theirs").write_text("")
    directories.remove(made)
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["theirs"]
    assert directories.make(tmp_path / "a") == []


def test_nobody_else_makes_files_in_them_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        made = directories.make(tmp_path / "a" / "b" / "c")
    finally:
        os.umask(before)
    assert [one.stat().st_mode & 0o777 for one in made] == [0o755] * 3


def test_nothing_stays_of_a_path_that_cannot_be_made(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="File name too long"):
        directories.make(tmp_path / "a" / "b" / ("x" * 300))
    (tmp_path / "file").write_text("")
    with pytest.raises(NotADirectoryError):
        directories.make(tmp_path / "file" / "b")
    with pytest.raises(NotADirectoryError, match="exists and is not a directory"):
        directories.make(tmp_path / "file")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
