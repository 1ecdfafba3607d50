"""Says the bill of materials of what `packaging/tree` puts together, as CycloneDX 1.5 JSON: the pins."""

import json
import re
from pathlib import Path
from typing import Any, Final

from failover.version import __version__

CHECKOUT: Final = Path(__file__).parents[1]
_PIN: Final = re.compile(
    r"^(?P<name>[a-z0-9-]+)==(?P<version>[^ ;\\]+)[^\\\n]*(?P<hashes>(?:\\\n +--hash=sha256:\w+ ?)+)", re.MULTILINE
)


def bill(pins: str) -> dict[str, Any]:
    """The components of a requirements file with hashes, in its order."""
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "name": "failover",
                "version": __version__,
                "licenses": [{"license": {"id": "MIT"}}],
            }
        },
        "components": [_component(pin) for pin in _PIN.finditer(pins)],
    }


def _component(pin: re.Match[str]) -> dict[str, Any]:
    name, version = pin["name"], pin["version"]
    url = f"pkg:pypi/{name}@{version}"
    # Of each release there are several files, for the versions of Python and the architectures.
    files = re.findall(r"sha256:(\w+)", pin["hashes"])
    return {
        "type": "library",
        "bom-ref": url,
        "name": name,
        "version": version,
        "purl": url,
        "properties": [{"name": "failover:sha256", "value": value} for value in files],
    }


def main() -> None:
    """Of this checkout."""
    print(json.dumps(bill((CHECKOUT / "requirements/runtime.txt").read_text()), indent=2))


if __name__ == "__main__":
    main()
