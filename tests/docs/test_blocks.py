"""Blocks of code in the documentation: configurations are valid, shell is shell, settings and commands exist."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from failover.cli.group import NAMES
from failover.config import not_read, parse
from tests.docs.generated import ROOT, documents

DOCUMENTS = [*documents(), ROOT / "CONTRIBUTING.md"]


def blocks(document: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", document.read_text(), re.DOTALL | re.MULTILINE)


def ids(document: Path) -> str:
    return str(document.relative_to(ROOT))


@pytest.mark.parametrize("document", [one for one in DOCUMENTS if blocks(one, "json")], ids=ids)
def test_configurations_are_valid(document: Path) -> None:
    for block in blocks(document, "json"):
        if "vrid" in block:
            assert parse(block, str(document), not_read).virtual_routers
        else:
            json.loads(block)


@pytest.mark.parametrize("document", [one for one in DOCUMENTS if blocks(one, "sh")], ids=ids)
def test_shell_is_shell(document: Path) -> None:
    for block in blocks(document, "sh"):
        subprocess.run(["sh", "-n"], input=block, text=True, check=True)


@pytest.mark.parametrize("document", DOCUMENTS, ids=ids)
def test_commands_that_are_named_exist(document: Path) -> None:
    named = re.findall(r"(?:^|`|\$ |bin/)failover ([a-z][a-z-]+)", document.read_text(), re.MULTILINE)
    assert [name for name in named if name not in NAMES] == []
