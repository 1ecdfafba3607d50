"""Files that the documentation names are there."""

import re
from pathlib import Path

import pytest

from tests.docs.generated import ROOT, documents

PLACES = (ROOT, ROOT / "src/failover", ROOT / "src/failover/agent", ROOT / "src/failover/engine")


@pytest.mark.parametrize("document", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_file_that_a_document_names_is_there(document: Path) -> None:
    named = set(re.findall(r"`((?:[a-z_]+/)+[a-z_]+\.py)`", document.read_text()))
    assert {name for name in named if not any((place / name).exists() for place in PLACES)} == set()
