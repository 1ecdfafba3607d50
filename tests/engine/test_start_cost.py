"""What the engine imports: everything that it does not need delays its start and stays in its memory."""

import subprocess
import sys

import pytest

from tests.engine.daemons import ENVIRONMENT

HEAVY = {
    "argparse",
    "asyncio",
    "click",
    "concurrent",
    "difflib",
    "email",
    "failover.agent",
    "failover.lab",
    "h11",
    "html",
    "http",
    "logging",
    "multiprocessing",
    "ssl",
    "subprocess",
    "tempfile",
    "threading",
    "xml",
}


@pytest.mark.parametrize("module", ["failover.engine.daemon", "failover.cli.launch"])
def test_none_of_these_is_imported(module: str) -> None:
    script = f"import sys, {module}; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-S", "-c", f"import sys; sys.path += {sys.path!r}; {script}"],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    assert HEAVY.isdisjoint(done.stdout.split())
