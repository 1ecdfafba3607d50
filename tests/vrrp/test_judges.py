"""scapy and tshark read and write advertisements as we do."""

from pathlib import Path

import pytest
from scapy.layers.inet import IP
from scapy.layers.inet6 import IPv6
from scapy.layers.vrrp import VRRP, VRRPv3
from scapy.packet import Packet, Raw
from scapy.utils import checksum as scapy_checksum

from failover.vrrp import Family, encode, family_of
from failover.vrrp.units import NANOSECONDS_PER_CENTISECOND, NANOSECONDS_PER_SECOND
from tests.rfc.marks import positive
from tests.tshark import AS_RFC_9568, Fields, complaints, dissect
from tests.vrrp.making import V2
from tests.vrrp.wire import EACH_EXAMPLE, EXAMPLES, MESSAGE, PSEUDO_HEADER, Example


def ip_header(example: Example) -> Packet:
    if family_of(example.source) is Family.IPV4:
        return IP(src=str(example.source), dst="224.0.0.18", ttl=255, proto=112, tos=0xC0)
    return IPv6(src=str(example.source), dst="ff02::12", hlim=255, nh=112)


def built_by_scapy(example: Example) -> bytes:
    a = example.advertisement
    fields = {"vrid": a.vrid, "priority": a.priority, "addrlist": [str(address) for address in a.addresses]}
    if a.version is V2:
        return bytes(VRRP(**fields, adv=a.interval // NANOSECONDS_PER_SECOND))
    header = ip_header(example)
    without = header / VRRPv3(**fields, adv=a.interval // NANOSECONDS_PER_CENTISECOND)
    message: bytes = bytes(without)[len(header) :]
    if a.checksum is PSEUDO_HEADER:
        return message
    total: int = scapy_checksum(message[:6] + bytes(2) + message[8:])
    return message[:6] + total.to_bytes(2) + message[8:]


@positive("R-021", "R-022", "R-023", "R-084")
@EACH_EXAMPLE
def test_scapy_builds_the_same_bytes(example: Example) -> None:
    assert encode(example.advertisement, example.source) == built_by_scapy(example)


@pytest.fixture(scope="module")
def dissected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Fields]:
    """All examples in one run of tshark for each way of reading the checksum: starting it is slow."""
    directory = tmp_path_factory.mktemp("tshark")
    found: dict[str, Fields] = {}
    for preferences, group in (
        ((AS_RFC_9568,), [e for e in EXAMPLES if e.advertisement.checksum is MESSAGE]),
        ((), [e for e in EXAMPLES if e.advertisement.checksum is PSEUDO_HEADER]),
    ):
        packets = [bytes(ip_header(e) / Raw(encode(e.advertisement, e.source))) for e in group]
        fields = dissect(directory, packets, *preferences)
        found |= {e.story: read for e, read in zip(group, fields, strict=True)}
    return found


@positive("R-021", "R-022", "R-023", "R-084", "S-005")
@EACH_EXAMPLE
def test_tshark_reads_the_same_fields_and_has_no_complaint(dissected: dict[str, Fields], example: Example) -> None:
    a = example.advertisement
    fields = dissected[example.story]
    assert complaints(fields) == []
    assert fields["vrrp_vrrp_checksum_status"] == ["1"]
    numbers = {
        "version": a.version,
        "type": 1,
        "virt_rtr_id": a.vrid,
        "prio": a.priority,
        "addr_count": len(a.addresses),
    }
    if a.version is V2:
        numbers |= {"auth_type": 0, "adver_int": a.interval // NANOSECONDS_PER_SECOND}
    else:
        numbers |= {"reserved_mbz": 0, "short_adver_int": a.interval // NANOSECONDS_PER_CENTISECOND}
    assert {name: int(fields[f"vrrp_vrrp_{name}"][0]) for name in numbers} == numbers
    kind = "ip" if family_of(example.source) is Family.IPV4 else "ipv6"
    assert fields[f"vrrp_vrrp_{kind}_addr"] == [str(address) for address in a.addresses]


def test_tshark_would_complain_of_the_other_checksum_form(tmp_path: Path) -> None:
    example = next(e for e in EXAMPLES if e.advertisement.version is not V2 and e.advertisement.checksum is MESSAGE)
    packet = bytes(ip_header(example) / Raw(example.bytes))
    (wrong,), (right,) = dissect(tmp_path, [packet]), dissect(tmp_path, [packet], AS_RFC_9568)
    assert any("Bad checksum" in complaint for complaint in complaints(wrong))
    assert complaints(right) == []
