"""Settings of every test: the Hypothesis profiles, and what is skipped where.

`ci` (the default) draws the same examples every time and times nothing, so a failure is a fact about the code;
`HYPOTHESIS_PROFILE=thorough` searches anew, and longer.
"""

import os
import shutil
import signal
from pathlib import Path
from typing import Final

import pytest
from hypothesis import HealthCheck, settings

FRR: Final = "/usr/lib/frr/vrrpd"

settings.register_profile(
    "ci",
    derandomize=True,
    deadline=None,
    database=None,
    max_examples=100,
    suppress_health_check=[HealthCheck.too_slow],  # a shared machine may be slow; that says nothing about the test
)
settings.register_profile("thorough", parent=settings.get_profile("ci"), derandomize=False, max_examples=5000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


def pytest_configure() -> None:
    """Let the programs under test hear Ctrl-C: whoever runs the tests in the background has them inherit deafness."""
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what cannot run here, and say why; where everything must run (CI), it fails instead."""
    if os.environ.get("CI"):
        return
    lacking = {
        "root": None if os.geteuid() == 0 else "needs root, for network namespaces",
        "peer": None if shutil.which("keepalived") and Path(FRR).exists() else "needs keepalived and FRR installed",
    }
    for item in items:
        for mark, reason in lacking.items():
            if reason and item.get_closest_marker(mark):
                item.add_marker(pytest.mark.skip(reason=reason))
