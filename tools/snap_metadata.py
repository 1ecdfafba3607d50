"""Says the metadata of the snap, meta/snap.yaml, as snapcraft makes it from snap/snapcraft.yaml."""

import subprocess
from pathlib import Path
from typing import Any, Final

import yaml

from failover.version import __version__

CHECKOUT: Final = Path(__file__).parents[1]
KEPT: Final = (
    "name",
    "summary",
    "description",
    "license",
    "grade",
    "confinement",
    "environment",
    "base",
    "apps",
    "hooks",
)
"""What snapcraft hands on as it is; the rest is about building."""


def metadata(recipe: dict[str, Any], architecture: str) -> dict[str, Any]:
    """What the packed snap says of itself."""
    return {"version": __version__, "architectures": [architecture]} | {key: recipe[key] for key in KEPT}


def main() -> None:
    """For this machine."""
    recipe = yaml.safe_load((CHECKOUT / "snap/snapcraft.yaml").read_text())
    architecture = subprocess.run(["dpkg", "--print-architecture"], check=True, capture_output=True, text=True).stdout
    print(yaml.safe_dump(metadata(recipe, architecture.strip()), sort_keys=False, width=120), end="")


if __name__ == "__main__":
    main()
