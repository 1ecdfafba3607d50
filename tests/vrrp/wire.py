"""Advertisements as bytes and as values: one table for encode, decode and the judges.

The bytes were made with scapy; `test_judges` has it make them again.
"""

from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final

import pytest

from failover.vrrp import Address, Advertisement, ChecksumForm, centiseconds, seconds
from tests.vrrp.making import V2, V3

MESSAGE, PSEUDO_HEADER = ChecksumForm.MESSAGE, ChecksumForm.PSEUDO_HEADER

IPV4_SOURCE: Final = ip_address("192.0.2.3")
IPV6_SOURCE: Final = ip_address("fe80::3")


@dataclass(frozen=True, slots=True)
class Example:
    """One message."""

    story: str
    bytes: bytes
    source: Address
    advertisement: Advertisement


def _addresses(*texts: str) -> tuple[Address, ...]:
    return tuple(ip_address(text) for text in texts)


ONE: Final = _addresses("198.51.100.1")
THREE: Final = _addresses("198.51.100.1", "198.51.100.2", "203.0.113.9")
IPV6_ONE: Final = _addresses("fe80::100")
IPV6_TWO: Final = _addresses("fe80::100", "2001:db8::1")
IPV6_THREE: Final = _addresses("fe80::100", "2001:db8::1", "2001:db8::2")

EXAMPLES: Final = tuple(
    Example(story, bytes.fromhex(text), source, advertisement)
    for story, text, source, advertisement in (
        (
            "version 2",
            "21336401 00015095 c6336401 00000000 00000000",
            IPV4_SOURCE,
            Advertisement(version=V2, vrid=51, priority=100, interval=seconds(1), addresses=ONE),
        ),
        (
            "version 2, the owner, 255 s, three addresses",
            "21ffff03 00ff4d88 c6336401 c6336402 cb007109 00000000 00000000",
            IPV4_SOURCE,
            Advertisement(version=V2, vrid=255, priority=255, interval=seconds(255), addresses=THREE),
        ),
        (
            "version 2, resigning",
            "21010001 0001b4c7 c6336401 00000000 00000000",
            IPV4_SOURCE,
            Advertisement(version=V2, vrid=1, priority=0, interval=seconds(1), addresses=ONE),
        ),
        (
            "version 3",
            "31336401 00644032 c6336401",
            IPV4_SOURCE,
            Advertisement(version=V3, vrid=51, priority=100, interval=seconds(1), addresses=ONE),
        ),
        (
            "version 3, checksum over a pseudo-header",
            "31336401 00649d9f c6336401",
            IPV4_SOURCE,
            Advertisement(
                version=V3, vrid=51, priority=100, interval=seconds(1), addresses=ONE, checksum=PSEUDO_HEADER
            ),
        ),
        (
            "version 3, 300 cs do not fit eight bits",
            "3133fe03 012c3f27 c6336401 c6336402 cb007109",
            IPV4_SOURCE,
            Advertisement(version=V3, vrid=51, priority=254, interval=seconds(3), addresses=THREE),
        ),
        (
            "version 3, the owner, the longest interval, checksum over a pseudo-header",
            "31ffff03 0fff8bed c6336401 c6336402 cb007109",
            IPV4_SOURCE,
            Advertisement(
                version=V3,
                vrid=255,
                priority=255,
                interval=centiseconds(4095),
                addresses=THREE,
                checksum=PSEUDO_HEADER,
            ),
        ),
        (
            "version 3, resigning, the shortest interval",
            "31010001 0001a4c7 c6336401",
            IPV4_SOURCE,
            Advertisement(version=V3, vrid=1, priority=0, interval=centiseconds(1), addresses=ONE),
        ),
        (
            "version 3, IPv6",
            "31336401 00646cc5 fe800000 00000000 00000000 00000100",
            IPV6_SOURCE,
            Advertisement(
                version=V3, vrid=51, priority=100, interval=seconds(1), addresses=IPV6_ONE, checksum=PSEUDO_HEADER
            ),
        ),
        (
            "version 3, IPv6, the owner, 300 cs, two addresses",
            "3107ff02 012ca35d fe800000 00000000 00000000 00000100 20010db8 00000000 00000000 00000001",
            IPV6_SOURCE,
            Advertisement(
                version=V3, vrid=7, priority=255, interval=seconds(3), addresses=IPV6_TWO, checksum=PSEUDO_HEADER
            ),
        ),
        (
            "version 3, IPv6, resigning, the longest interval, three addresses",
            (
                "31ff0003 0fff64c7 fe800000 00000000 00000000 00000100 20010db8 00000000 00000000 00000001"
                " 20010db8 00000000 00000000 00000002"
            ),
            IPV6_SOURCE,
            Advertisement(
                version=V3,
                vrid=255,
                priority=0,
                interval=centiseconds(4095),
                addresses=IPV6_THREE,
                checksum=PSEUDO_HEADER,
            ),
        ),
    )
)

EACH_EXAMPLE = pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.story.replace(" ", "_"))
