"""The two marks that tie a test to a line of `ledger.toml`. Nothing but the marks."""

import pytest


def positive(*ids: str) -> pytest.MarkDecorator:
    """The test shows these rules kept, or done as their `deviation` says."""
    return pytest.mark.rfc(ids=ids, kind="positive")


def negative(*ids: str) -> pytest.MarkDecorator:
    """The test shows their breach refused, or that the opposite case does not trigger."""
    return pytest.mark.rfc(ids=ids, kind="negative")
