"""Configuration documents for the tests of this directory: a good entry, variations of it, and what is said of them."""

import json
from typing import Any

import pytest

from failover.config import ConfigError, VirtualRouter, parse

GOOD = {"vrid": 51, "interface_name": "eth0", "ip_addresses": ["192.168.100.100/24"]}


class _Absent:
    def __repr__(self) -> str:
        return "ABSENT"  # the same in every process, for it is part of names of tests


ABSENT = _Absent()


def entry(**changes: Any) -> dict[str, Any]:
    """The good entry with some settings changed, or left out with ABSENT."""
    return {key: value for key, value in {**GOOD, **changes}.items() if value is not ABSENT}


def accepted(**changes: Any) -> VirtualRouter:
    """The virtual router that the changed entry makes."""
    (router,) = parse(json.dumps(entry(**changes))).virtual_routers
    return router


def complaints(document: Any) -> list[str]:
    """The lines of the report on a document, which is text, bytes or something to write as JSON."""
    text = document if isinstance(document, str | bytes) else json.dumps(document)
    with pytest.raises(ConfigError) as caught:
        parse(text, "FILE")
    heading, *lines = str(caught.value).split("\n")
    count = len(caught.value.problems)
    assert heading == f"FILE: {count} problem{'' if count == 1 else 's'}"
    assert len(lines) == count
    return [line.removeprefix("  ") for line in lines]


def complaint(**changes: Any) -> str:
    """The one line about the good entry with these changes, without the path of the entry."""
    (line,) = complaints(entry(**changes))
    return line.removeprefix("$.")
