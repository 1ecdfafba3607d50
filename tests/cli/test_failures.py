"""How failures end a command."""

import errno
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from failover.cli.failures import BAD_CONFIGURATION, FAILED, INTERRUPTED, Failure, exit_status, tell
from tests.cli.commands import GOOD, command, environment


def raising(error: BaseException) -> int:
    def command() -> int:
        raise error

    return exit_status(command)


def test_a_command_that_works_has_its_own_status() -> None:
    assert exit_status(lambda: 7) == 7


def test_a_failure_is_told_with_its_status(capsys: pytest.CaptureFixture[str]) -> None:
    assert raising(Failure("no")) == FAILED
    assert raising(Failure("bad", BAD_CONFIGURATION)) == BAD_CONFIGURATION
    assert capsys.readouterr().err == "failover: no\nfailover: bad\n"


def test_an_error_of_the_system_is_told_with_its_object_and_without_its_number(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert raising(OSError(errno.ENOENT, "No such file", "/x")) == FAILED
    assert capsys.readouterr().err == "failover: /x: No such file\n"


def test_an_interrupt_is_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    assert raising(KeyboardInterrupt()) == INTERRUPTED
    assert capsys.readouterr().err == ""


def test_a_fault_of_the_program_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        raising(ZeroDivisionError())


class FullDisk(io.StringIO):
    def flush(self) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("stream", [None, FullDisk()])
def test_telling_survives_a_standard_error_that_is_gone(
    monkeypatch: pytest.MonkeyPatch, stream: io.StringIO | None
) -> None:
    monkeypatch.setattr(sys, "stderr", stream)
    assert raising(Failure("nobody hears it")) == FAILED
    tell("nor this")


FULL = Path("/dev/full")
BUFFERED = environment(PYTHONUNBUFFERED="")
"""As usual, whatever those who run the tests have set."""
needs_a_full_disk = pytest.mark.skipif(not FULL.exists(), reason="there is no full disk to try")


@needs_a_full_disk
@pytest.mark.parametrize(
    "arguments", [["schema"], ["check", "CONFIG"], ["--help"], ["--version"], ["run", "--help"], []]
)
def test_output_that_a_full_disk_does_not_take_is_one_line_and_status_1(tmp_path: Path, arguments: list[str]) -> None:
    config = tmp_path / "config.json"
    config.write_text(json.dumps(GOOD))
    given = [str(config) if one == "CONFIG" else one for one in arguments]
    with FULL.open("wb") as full:
        done = subprocess.run(
            command(*given), env=BUFFERED, stdout=full, stderr=subprocess.PIPE, text=True, check=False, timeout=30
        )
    assert done.stderr == "failover: No space left on device\n"
    assert done.returncode == (1 if arguments else 2)


@needs_a_full_disk
def test_a_full_disk_behind_standard_error_changes_no_status() -> None:
    with FULL.open("wb") as full:
        done = subprocess.run(command("chek"), env=BUFFERED, stderr=full, check=False, timeout=30)
    assert done.returncode == 2


def test_output_that_nobody_reads_to_its_end_is_no_trouble() -> None:
    shell = ["sh", "-c", '"$@" | :; exec "$@" | head -c 1', "sh", *command("schema")]
    done = subprocess.run(shell, env=BUFFERED, capture_output=True, text=True, check=False, timeout=30)
    assert (done.stdout, done.stderr) == ("{", "")
