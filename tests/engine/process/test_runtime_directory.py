"""The runtime directory: one daemon, a control socket for owner and group, nothing left behind."""

import errno
import fcntl
import os
import socket
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from failover.engine.process.runtime_directory import RuntimeDirectory, running_daemon
from tests.engine.daemons import ENVIRONMENT


def connects(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        try:
            client.connect(str(path))
        except ConnectionRefusedError:
            return False
    return True


def open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def dead_socket(path: Path) -> None:
    """What a daemon that was killed leaves."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as dead:
        dead.bind(str(path))


def test_it_makes_the_directory_locks_it_and_listens(tmp_path: Path) -> None:
    directory = tmp_path / "run" / "failover"
    claimed = RuntimeDirectory(directory)
    try:
        assert claimed.control == directory / "control.sock"
        assert connects(claimed.control)
        assert running_daemon(directory) == os.getpid()
    finally:
        claimed.release()
    assert not directory.parent.exists()
    assert running_daemon(directory) is None


def test_the_control_socket_is_for_owner_and_group_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        claimed = RuntimeDirectory(tmp_path)
        assert os.umask(0) == 0, "the umask was not put back"
    finally:
        os.umask(before)
    mode = claimed.control.stat().st_mode
    claimed.release()
    assert stat.S_IMODE(mode) == 0o660


def test_a_second_claim_is_refused_and_names_the_process(tmp_path: Path) -> None:
    imports = "from pathlib import Path; from failover.engine.process.runtime_directory import RuntimeDirectory"
    script = f"{imports}; RuntimeDirectory(Path({str(tmp_path)!r}))"
    claimed = RuntimeDirectory(tmp_path)
    try:
        done = subprocess.run(
            [sys.executable, "-c", script], env=ENVIRONMENT, capture_output=True, text=True, check=False, timeout=30
        )
        assert done.returncode == 1
        assert f"process {os.getpid()}" in done.stderr
        assert str(tmp_path) in done.stderr
        with pytest.raises(OSError, match="another failover") as refused:
            RuntimeDirectory(tmp_path)
        assert refused.value.errno == errno.EBUSY
        assert connects(claimed.control), "the refused one took the socket away"
    finally:
        claimed.release()
    RuntimeDirectory(tmp_path).release()


@pytest.mark.parametrize("text", [b"", b"hello\n", b"\xff\xfe\n", b"-1", b"\xd9\xa3", b"12 and more", b"1" * 100])
def test_what_some_other_program_has_locked_and_written_there_is_told_in_words(tmp_path: Path, text: bytes) -> None:
    lock = tmp_path / "failover.pid"
    lock.write_bytes(text)
    with lock.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(OSError, match="uses this directory; stop it or use --runtime-dir") as refused:
            RuntimeDirectory(tmp_path)
        assert refused.value.errno == errno.EBUSY
        assert running_daemon(tmp_path) == (0 if not text.isdigit() else int(text[:32]))
    assert lock.read_bytes() == text
    assert running_daemon(tmp_path) is None
    RuntimeDirectory(tmp_path).release()


def test_a_directory_that_was_there_stays(tmp_path: Path) -> None:
    (tmp_path / "made").mkdir()
    RuntimeDirectory(tmp_path / "made" / "run").release()
    assert list((tmp_path / "made").iterdir()) == []


def test_a_directory_that_its_maker_removes_as_we_lock_it_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = tmp_path / "run"
    removed: list[Path] = []
    real = os.open

    def opening(path: Path, *given: int) -> int:
        if not removed:
            removed.append(path)
            directory.rmdir()
        return real(path, *given)

    directory.mkdir()
    monkeypatch.setattr(os, "open", opening)
    claimed = RuntimeDirectory(directory)
    monkeypatch.undo()
    assert connects(claimed.control)
    claimed.release()
    assert not directory.exists()


def test_a_link_in_the_place_of_the_lock_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("precious")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "failover.pid").symlink_to(tmp_path / "precious")
    with pytest.raises(OSError, match=r"failover\.pid") as refused:
        RuntimeDirectory(tmp_path / "run")
    assert refused.value.errno == errno.ELOOP
    assert (tmp_path / "precious").read_text() == "precious"


@pytest.mark.parametrize("locked", [False, True])
def test_what_is_no_file_in_the_place_of_the_lock_is_named(tmp_path: Path, *, locked: bool) -> None:
    """And neither waited for nor removed."""
    pipe = tmp_path / "failover.pid"
    os.mkfifo(pipe)
    somebody = os.open(pipe, os.O_RDWR)
    descriptors = open_descriptors()
    if locked:
        fcntl.flock(somebody, fcntl.LOCK_EX)
    assert running_daemon(tmp_path) is None
    with pytest.raises(OSError, match=r"is not a regular file: '.*failover\.pid'"):
        RuntimeDirectory(tmp_path)
    assert open_descriptors() == descriptors
    os.close(somebody)
    assert pipe.is_fifo()


@pytest.mark.root
def test_a_device_in_the_place_of_the_lock_is_named_and_left(tmp_path: Path) -> None:
    device = tmp_path / "failover.pid"
    os.mknod(device, stat.S_IFCHR | 0o600, os.makedev(1, 7))  # /dev/full: what is written fails
    assert running_daemon(tmp_path) is None
    with pytest.raises(OSError, match=r"failover\.pid"):
        RuntimeDirectory(tmp_path)
    assert device.is_char_device()


@pytest.mark.parametrize("left", [False, True])
def test_nobody_but_its_user_can_open_the_lock_whatever_the_umask_and_what_was_left(
    tmp_path: Path, *, left: bool
) -> None:
    """Who could, would get the lock when the daemon is killed, and keep the next one from starting."""
    lock = tmp_path / "failover.pid"
    if left:
        lock.write_text("1\n")
        lock.chmod(0o666)
    before = os.umask(0)
    try:
        claimed = RuntimeDirectory(tmp_path)
    finally:
        os.umask(before)
    mode = lock.stat().st_mode
    claimed.release()
    assert stat.S_IMODE(mode) == 0o600


def test_two_directories_are_two_daemons(tmp_path: Path) -> None:
    one, two = RuntimeDirectory(tmp_path / "one"), RuntimeDirectory(tmp_path / "two")
    one.release()
    assert connects(two.control)
    two.release()


def test_what_a_killed_daemon_left_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "failover.pid").write_text("1\n")
    dead_socket(tmp_path / "control.sock")
    assert running_daemon(tmp_path) is None
    claimed = RuntimeDirectory(tmp_path)
    assert connects(claimed.control)
    assert running_daemon(tmp_path) == os.getpid()
    claimed.release()


def test_the_agent_of_a_killed_daemon_that_still_listens_does_not_stop_the_next(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as orphan:
        orphan.bind(str(tmp_path / "control.sock"))
        orphan.listen()
        claimed = RuntimeDirectory(tmp_path)
        assert connects(claimed.control)
        orphan.setblocking(False)
        with pytest.raises(BlockingIOError):
            orphan.accept()
    claimed.release()


def test_a_socket_elsewhere_that_is_in_use_is_refused_and_left(tmp_path: Path) -> None:
    path = tmp_path / "other.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as other:
        other.bind(str(path))
        other.listen()
        with pytest.raises(OSError, match="in use by another process") as refused:
            RuntimeDirectory(tmp_path / "run", path)
        assert refused.value.errno == errno.EADDRINUSE
        assert refused.value.filename == str(path)
        assert connects(path)
    assert not (tmp_path / "run").exists()


def test_a_dead_socket_elsewhere_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "other.sock"
    dead_socket(path)
    claimed = RuntimeDirectory(tmp_path / "run", path)
    assert connects(path)
    claimed.release()
    assert not path.exists()


def regular_file(path: Path) -> None:
    path.write_text("precious")


@pytest.mark.parametrize("make", [regular_file, Path.mkdir])
def test_what_is_no_socket_is_refused_and_left(tmp_path: Path, make: Callable[[Path], None]) -> None:
    path = tmp_path / "control.sock"
    make(path)
    with pytest.raises(FileExistsError, match="exists and is not a socket"):
        RuntimeDirectory(tmp_path)
    assert path.exists()
    assert list(tmp_path.iterdir()) == [path]
    assert running_daemon(tmp_path) is None


def test_a_path_that_is_too_long_for_a_socket_leaves_no_lock(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="control socket: AF_UNIX path too long"):
        RuntimeDirectory(tmp_path / "run", tmp_path / ("x" * 120))
    assert not (tmp_path / "run").exists()


def test_a_lock_that_cannot_be_written_is_not_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    descriptors = open_descriptors()
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        with pytest.raises(OSError, match="No space left"):
            RuntimeDirectory(tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert open_descriptors() == descriptors


def test_a_lock_that_its_holder_removes_as_we_take_it_is_taken_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "failover.pid"
    removed: list[int] = []
    real = fcntl.flock

    def flock(descriptor: int, operation: int) -> None:
        if not removed:
            removed.append(path.stat().st_ino)
            path.rename(tmp_path / "old")  # and not unlink: its inode is not to be used again at once
        real(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", flock)
    claimed = RuntimeDirectory(tmp_path)
    monkeypatch.undo()
    assert path.stat().st_ino != removed[0]
    assert running_daemon(tmp_path) == os.getpid()
    claimed.release()
