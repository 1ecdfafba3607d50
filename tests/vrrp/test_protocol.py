"""Constants and small vocabulary."""

from ipaddress import ip_address, ip_interface

import pytest

from failover.vrrp import Family, family_of, virtual_mac
from failover.vrrp.protocol import HOP_LIMIT, PROTOCOL_NUMBER, VRIDS
from failover.vrrp.scope import GROUPS
from tests.rfc.marks import negative, positive


@positive("R-087")
def test_the_virtual_mac_of_ipv4_ends_in_01_and_the_vrid() -> None:
    assert virtual_mac(Family.IPV4, 51).hex("-") == "00-00-5e-00-01-33"


@positive("R-088")
def test_the_virtual_mac_of_ipv6_ends_in_02_and_the_vrid() -> None:
    assert virtual_mac(Family.IPV6, 255).hex("-") == "00-00-5e-00-02-ff"


@negative("R-087", "R-088")
def test_no_two_virtual_routers_share_a_virtual_mac() -> None:
    macs = {virtual_mac(family, vrid) for family in Family for vrid in VRIDS}
    assert len(macs) == len(Family) * 255


def test_the_numbers_are_those_that_iana_gave() -> None:
    assert PROTOCOL_NUMBER == 112
    assert HOP_LIMIT == 255
    assert {family: str(group) for family, group in GROUPS.items()} == {
        Family.IPV4: "224.0.0.18",
        Family.IPV6: "ff02::12",
    }


@pytest.mark.parametrize(("text", "family", "label"), [("192.0.2.1", 4, "ipv4"), ("fe80::1", 6, "ipv6")])
def test_an_address_knows_its_family(text: str, family: int, label: str) -> None:
    assert family_of(ip_address(text)) is family_of(ip_interface(text)) is Family(family)
    assert Family(family).label == label
