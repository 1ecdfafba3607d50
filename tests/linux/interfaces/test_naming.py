"""`failover.linux.interfaces.naming`: what a name is that is no interface's."""

from ipaddress import ip_interface

import pytest

from failover.config import parse, sample
from failover.linux.interfaces.naming import meant
from failover.linux.interfaces.table import Interface
from failover.linux.netlink.rtnetlink import AssignedAddress

ADDRESSES = tuple(AssignedAddress(ip_interface(text), 0, 0, 0) for text in ("192.0.2.11/24", "fe80::7/64"))
ETH0 = Interface(2, "eth0", bytes(6), True, True, 1500, None, ADDRESSES, altnames=("uplink", "enp3s0"))
VLAN = Interface(3, "eth0.100", bytes(6), True, True, 1500, None, ())


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("uplink", "that is an altname of eth0: write eth0"),
        ("enp3s0", "that is an altname of eth0: write eth0"),
        ("eth0.100@eth0", "what ip shows from @ on is not part of the name: write eth0.100"),
        ("enp3s0@eth9", "what ip shows from @ on is not part of the name: write eth0"),
        ("Eth0", "write eth0"),
        ("ETH0.100", "write eth0.100"),
        ("2", "that is the index of eth0: write eth0"),
        ("192.0.2.11", "that is an address of eth0: write eth0"),
        ("fe80::7", "that is an address of eth0: write eth0"),
        ("eth1", None),
        ("4", None),
        ("@eth0", None),
        ("192.0.2.12", None),
    ],
)
def test_a_name_that_is_none_may_be_something_else(name: str, words: str | None) -> None:
    assert meant(name, [VLAN, ETH0]) == words
    assert meant(name, []) is None


def test_the_name_in_the_sample_says_what_to_edit() -> None:
    (router,) = parse(sample()).virtual_routers
    assert meant(router.interface_name, [VLAN, ETH0]) == (
        "it is the sample's: write this host's interface_name and ip_addresses into the configuration"
    )
