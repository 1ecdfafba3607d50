"""Documents against the schemas that their owners publish."""

import subprocess
import sys
from pathlib import Path


def problems(schema: str, document: Path) -> str:
    """What a schema that check-jsonschema brings along has against it; empty: nothing."""
    command: list[str | Path] = [
        Path(sys.executable).with_name("check-jsonschema"),
        "--builtin-schema",
        schema,
        document,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr
