"""A process gives up every capability, as the agent does, for itself and for what it starts."""

import subprocess
import sys

import pytest

from tests.engine.daemons import ENVIRONMENT

SCRIPT = """
import subprocess
from pathlib import Path
from failover.linux.process.capabilities import give_up_all
give_up_all()
print(Path("/proc/self/status").read_text())
print(subprocess.run(["cat", "/proc/self/status"], capture_output=True, text=True, check=True).stdout)
"""
SETS = ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")


def statuses(*prefix: str) -> list[dict[str, str]]:
    """Of the process that dropped its capabilities, and of a child of it."""
    command = [*prefix, sys.executable, "-c", SCRIPT]
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=True, timeout=30)
    own, child = done.stdout.split("\nName:")
    return [dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line) for text in (own, child)]


@pytest.mark.root
def test_all_five_sets_are_empty_in_it_and_in_its_children() -> None:
    for status in statuses():
        assert {name: int(status[name], 16) for name in SETS} == dict.fromkeys(SETS, 0)
        assert status["NoNewPrivs"] == "1"


@pytest.mark.root
def test_without_the_right_to_shrink_the_bounding_set_nothing_can_be_gained_from_it() -> None:
    for status in statuses("setpriv", "--bounding-set", "-setpcap", "--inh-caps", "-setpcap"):
        assert int(status["CapBnd"], 16) > 0, "the case that is meant"
        assert {name: int(status[name], 16) for name in SETS if name != "CapBnd"} == dict.fromkeys(
            ("CapInh", "CapPrm", "CapEff", "CapAmb"), 0
        )
        assert status["NoNewPrivs"] == "1"
