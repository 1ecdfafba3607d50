"""The engine loads its file before it is ready: what that imports is paid at every start."""

import os
import subprocess
import sys

HEAVY = {"asyncio", "difflib", "email", "logging", "subprocess", "urllib.request"}

PROGRAM = """
import sys
from failover.config import parse, sample
parse(sample())
print(*sys.modules)
"""


def test_reading_a_good_file_imports_nothing_heavy() -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    command = [sys.executable, "-S", "-c", PROGRAM]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=30)
    imported = set(done.stdout.split())
    assert "failover.config.file" in imported
    assert HEAVY.isdisjoint(imported)
    assert [name for name in imported if name.startswith("failover.config.foreign")] == []
