"""The README says what is: its samples, its links."""

import json
import re
from pathlib import Path

from failover.config import load, parse
from tests.docs.generated import README, ROOT


def test_the_sample_configurations_are_valid() -> None:
    sample, long_form = re.findall(r"```json\n(.*?)```", README.read_text(), re.DOTALL)
    assert parse(sample, "README.md").virtual_routers[0].name == "VR_1"
    assert parse(long_form, "README.md").daemon.cpu_affinity == (1,)


def test_the_sample_file_is_the_readmes_sample() -> None:
    sample, *_ = re.findall(r"```json\n(.*?)```", README.read_text(), re.DOTALL)
    example = ROOT / "docs" / "examples" / "vrrp-config.json"
    assert json.loads(example.read_text()) == json.loads(sample)
    assert load(example).virtual_routers[0].vrid == 51


def test_relative_links_of_all_documents_lead_somewhere() -> None:
    documents = [README, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")]
    broken = [
        f"{document.relative_to(ROOT)}: {target}"
        for document in documents
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text())
        if not (document.parent / Path(target)).exists()
    ]
    assert broken == []
