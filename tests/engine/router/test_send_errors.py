"""What could not be sent, and its end."""

from failover.engine.account.status import Trouble, in_words
from failover.engine.router.send_errors import SendErrors
from failover.messages import FaultStatus, SendError

ERROR = SendError(what="advertisement", error="Operation not permitted", count=2, at=7)


def test_failures_in_a_row_are_one_and_the_last_counts() -> None:
    send_errors = SendErrors()
    assert send_errors.worst is None
    send_errors.failed("advertisement", "Network is unreachable", 5)
    send_errors.failed("advertisement", "Operation not permitted", 7)
    send_errors.failed("announcement", "Network is down", 9)
    assert send_errors.worst == ERROR


def test_what_is_sent_ends_its_own_failures_alone() -> None:
    send_errors = SendErrors()
    assert send_errors.sent("advertisement") is None
    send_errors.failed("announcement", "Network is down", 5)
    assert send_errors.sent("advertisement") is None
    assert send_errors.sent("announcement") == SendError(what="announcement", error="Network is down", count=1, at=5)
    assert send_errors.worst is None


def test_who_has_nothing_to_send_has_no_failure() -> None:
    send_errors = SendErrors()
    send_errors.failed("advertisement", "Network is down", 5)
    send_errors.forget()
    assert send_errors.worst is None


def test_a_fault_comes_before_what_cannot_be_sent() -> None:
    assert in_words(None, Trouble(None, None, [])) == []
    assert in_words(None, Trouble(ERROR, None, [])) == ["cannot send its advertisements: Operation not permitted"]
    assert in_words(FaultStatus("x", "eth0 has no carrier"), Trouble(ERROR, None, [])) == ["eth0 has no carrier"]
    assert in_words(None, Trouble(None, "it is contested", [])) == ["it is contested"]
    kept = Trouble(None, None, [], "it stays")
    assert in_words(None, kept) == []
    assert in_words(FaultStatus("no_carrier", "eth0 has no carrier"), kept) == ["eth0 has no carrier"]
    assert in_words(FaultStatus("cannot_send", "it cannot send"), kept) == ["it cannot send", "it stays"]
    assert in_words(None, Trouble(ERROR, "it is contested", [])) == [
        "cannot send its advertisements: Operation not permitted",
        "it is contested",
    ]
