"""Where the daemon's things are."""

from pathlib import Path

import pytest

from failover.cli.failures import USAGE, Failure
from failover.cli.places import find


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RUNTIME_DIRECTORY", raising=False)
    monkeypatch.delenv("FAILOVER_SOCKET", raising=False)


def test_without_options_and_environment_it_is_the_systems_directory() -> None:
    assert find(None, None) == (Path("/run/failover"), None)
    assert find(None, None).socket == Path("/run/failover/control.sock")


def test_the_service_managers_directory_is_used_the_first_of_several(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNTIME_DIRECTORY", "/run/a:/run/b")
    assert find(None, None) == (Path("/run/a"), None)
    assert find(None, None).socket == Path("/run/a/control.sock")


def test_an_option_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNTIME_DIRECTORY", "/run/a")
    monkeypatch.setenv("FAILOVER_SOCKET", "/tmp/s")  # noqa: S108 - a name, nothing is made
    assert find("/run/c", "/run/t").socket == Path("/run/t")
    assert find("/run/c", "/run/t") == (Path("/run/c"), Path("/run/t"))
    assert find(None, None) == (Path("/run/a"), Path("/tmp/s"))  # noqa: S108 - as above


def test_empty_variables_count_as_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNTIME_DIRECTORY", "")
    monkeypatch.setenv("FAILOVER_SOCKET", "")
    assert find(None, None) == (Path("/run/failover"), None)


@pytest.mark.parametrize(("given", "flag"), [(("", None), "--runtime-dir"), ((None, ""), "--socket")])
def test_an_option_that_is_empty_is_refused_rather_than_replaced(
    given: tuple[str | None, str | None], flag: str
) -> None:
    with pytest.raises(Failure, match=f"{flag} is empty") as refused:
        find(*given)
    assert refused.value.status == USAGE
