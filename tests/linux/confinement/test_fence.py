"""What is said where the fence has a hole; the fence itself is tried in `tests/engine/test_fence.py`."""

import json
import subprocess
import sys

import pytest

from tests.engine.daemons import ENVIRONMENT

SCRIPT = """
import json
import os
import sys
from failover.linux.confinement import fence, landlock, system_calls

def missing(*_):
    raise OSError(22, "Invalid argument")

level = int(sys.argv[1])
landlock.level = lambda: level
if not level:
    landlock.Ruleset.__init__ = missing
if sys.argv[2] == "unfiltered":
    system_calls.restrict_self = missing
found = fence.enter(None)
try:
    os.close(os.open("/tmp", os.O_RDONLY))
    reads = True
except OSError:
    reads = False
print(json.dumps([found.landlock, found.filters_system_calls, found.warnings, reads]))
"""
FILES = "Landlock does not keep the agent from files: Invalid argument"
CALLS = "the agent's system calls are not filtered: Invalid argument"
SIGNALS = "the agent could send signals to processes of its own user: this kernel has only level"


@pytest.mark.parametrize(
    ("level", "calls", "warnings"),
    [
        (1, "filtered", []),
        (2, "filtered", []),
        (3, "filtered", []),
        (5, "filtered", []),
        (7, "filtered", []),
        (0, "filtered", [FILES]),
        (6, "unfiltered", [CALLS]),
        (5, "unfiltered", [CALLS, f"{SIGNALS} 5 of Landlock"]),
        (0, "unfiltered", [FILES, CALLS]),
    ],
)
def test_each_level_of_landlock_is_used_and_what_is_open_is_said(level: int, calls: str, warnings: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(level), calls],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert json.loads(done.stdout) == [level, calls == "filtered", warnings, level == 0]
