"""tshark's reading of one packet; a complaint of its, or a wrong checksum, fails the test."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests.tshark import LINK_ETHERNET, LINK_IP, Fields, complaints, dissect


@pytest.fixture
def dissect_frame(tmp_path: Path) -> Callable[[bytes], Fields]:
    """For an Ethernet frame."""
    return partial(_dissect, tmp_path, LINK_ETHERNET)


@pytest.fixture
def dissect_datagram(tmp_path: Path) -> Callable[[bytes], Fields]:
    """For an IP datagram."""
    return partial(_dissect, tmp_path, LINK_IP)


def _dissect(directory: Path, link: int, packet: bytes) -> Fields:
    (fields,) = dissect(directory, [packet], link=link)
    assert not complaints(fields), complaints(fields)
    return fields
