"""Advertisements as somebody on the LAN sends them, without a daemon."""

from ipaddress import IPv4Address
from typing import Final

from failover.frames import ipv4
from failover.lab.router import RouterSpec
from failover.vrrp import Advertisement, ChecksumForm, Version, encode, seconds
from failover.vrrp.packet.checksum import checksum
from failover.vrrp.protocol import Family
from failover.vrrp.scope import GROUPS

_TTL_AT: Final = 8
_SUM_AT: Final = 10
_ETHERNET: Final = b"\x01\x00\x5e\x00\x00\x12"
"""The group's MAC address."""


def message(spec: RouterSpec, source: str, priority: int | None = None) -> bytes:
    """What a router configured like `spec` says, with another priority where told; IPv4, readable to all peers."""
    return encode(
        Advertisement(
            version=Version(spec.version),
            vrid=spec.vrid,
            priority=spec.priority if priority is None else priority,
            interval=seconds(spec.interval),
            addresses=tuple(address.ip for address in spec.virtual_addresses),
            checksum=ChecksumForm.PSEUDO_HEADER if spec.version == 3 else ChecksumForm.MESSAGE,
        ),
        IPv4Address(source),
    )


def frame(mac: str, source: str, payload: bytes, ttl: int = 255) -> bytes:
    """The Ethernet frame that carries it to the group."""
    header = bytearray(ipv4.header(IPv4Address(source), GROUPS[Family.IPV4], len(payload)))
    header[_TTL_AT] = ttl
    header[_SUM_AT : _SUM_AT + 2] = bytes(2)
    header[_SUM_AT : _SUM_AT + 2] = checksum(bytes(header)).to_bytes(2)
    return _ETHERNET + bytes.fromhex(mac.replace(":", "")) + b"\x08\x00" + bytes(header) + payload
