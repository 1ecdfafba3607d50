"""tshark as a judge of packets, independent of us and of scapy."""

import json
import shutil
import struct
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pytest

Fields = dict[str, list[str]]
"""By tshark's name with underscores (`ip_ip_ttl`, `vrrp_vrrp_prio`), in the order of the packet."""

LINK_ETHERNET: Final = 1
LINK_IP: Final = 101

AS_RFC_9568: Final = "vrrp.v3_checksum_as_in_v2:TRUE"
"""A preference: without it tshark wants a pseudo-header under the IPv4 checksum of version 3."""

_CHECKSUM_GOOD: Final = {"1"}


def dissect(directory: Path, packets: Sequence[bytes], *preferences: str, link: int = LINK_IP) -> list[Fields]:
    """What tshark reads in each packet; what it thinks of it: `complaints`.

    `directory` is for the capture file; `preferences` are tshark's, such as `vrrp.v3_checksum_as_in_v2:TRUE`.
    """
    if shutil.which("tshark") is None:
        pytest.skip("tshark is not installed")
    capture = directory / "packets.pcap"
    file_header = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, link)
    records = (struct.pack("<IIII", 0, 0, len(packet), len(packet)) + packet for packet in packets)
    capture.write_bytes(file_header + b"".join(records))
    options = [word for preference in ("ip.check_checksum:TRUE", *preferences) for word in ("-o", preference)]
    command = ["tshark", "-n", "-r", str(capture), "-T", "ek", *options]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    return [_fields(json.loads(line)["layers"]) for line in done.stdout.splitlines() if '"layers"' in line]


def complaints(fields: Fields) -> list[str]:
    """Expert remarks and checksums that do not verify."""
    return [
        f"{name}: {values}"
        for name, values in fields.items()
        if "ws_expert" in name or (name.endswith("checksum_status") and not _CHECKSUM_GOOD.issuperset(values))
    ]


def _fields(layers: dict[str, dict[str, object]]) -> Fields:
    fields: Fields = {}
    for entries in layers.values():
        for name, value in entries.items():
            values = value if isinstance(value, list) else [value]
            fields.setdefault(name, []).extend(map(str, values))
    return fields
