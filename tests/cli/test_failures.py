"""How failures end a command."""

import errno
import io
import sys

import pytest

from failover.cli.failures import BAD_CONFIGURATION, FAILED, INTERRUPTED, Failure, exit_status, tell


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
