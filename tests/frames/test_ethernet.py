"""`failover.frames.ethernet`."""

import pytest
from scapy.layers.l2 import Ether

from failover.frames import ethernet

MAC = bytes.fromhex("02000000000a")


def test_scapy_builds_the_same_header() -> None:
    theirs = Ether(dst="ff:ff:ff:ff:ff:ff", src="02:00:00:00:00:0a", type=0x86DD)
    assert ethernet.header(ethernet.BROADCAST, MAC, ethernet.EtherType.IPV6) == bytes(theirs)


@pytest.mark.parametrize("mac", [b"", MAC[:5], MAC + b"\0", bytes(20)])
def test_an_address_that_is_not_ethernets_is_refused(mac: bytes) -> None:
    with pytest.raises(ValueError, match="a MAC address has 6 bytes"):
        ethernet.header(ethernet.BROADCAST, mac, ethernet.EtherType.ARP)
    with pytest.raises(ValueError, match="a MAC address has 6 bytes"):
        ethernet.header(mac, MAC, ethernet.EtherType.ARP)
