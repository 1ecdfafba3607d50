"""The interface for a virtual MAC address, as iproute2 sees it."""

import json
import socket
from typing import Any

import pytest

from failover.lab.network.namespaces import Namespace
from failover.linux.host import LinuxHost

pytestmark = pytest.mark.root

MAC = bytes.fromhex("00005e000133")
ALIAS = "failover 192.0.2.1/24"


def shown(namespace: Namespace) -> dict[str, Any]:
    text = namespace.run(["ip", "-j", "-d", "address", "show", "dev", "vrrp4.51"]).stdout
    found: dict[str, Any] = json.loads(text)[0]
    return found


def make(namespace: Namespace) -> int:
    with namespace.enter():
        LinuxHost().make_link("vrrp4.51", socket.if_nametoindex("veth0"), MAC, ALIAS)
    return int(shown(namespace)["ifindex"])


def test_it_is_a_private_macvlan_that_is_up_with_no_address_of_its_own(cable: Namespace) -> None:
    make(cable)
    found = shown(cable)
    assert (found["address"], found["link"], found["ifalias"]) == ("00:00:5e:00:01:33", "veth0", ALIAS)
    assert (found["linkinfo"]["info_kind"], found["linkinfo"]["info_data"]["mode"]) == ("macvlan", "private")
    assert "UP" in found["flags"]
    assert [(one["local"], one["scope"]) for one in found["addr_info"]] == [("127.112.0.1", "host")]
    for setting, value in (("arp_ignore", "1"), ("rp_filter", "2")):
        assert cable.run(["sysctl", "-n", f"net.ipv4.conf.vrrp4/51.{setting}"]).stdout.strip() == value


def test_a_name_that_is_taken_is_refused_and_stays(cable: Namespace) -> None:
    index = make(cable)
    with pytest.raises(FileExistsError):
        make(cable)
    assert shown(cable)["ifindex"] == index


def test_it_is_reset_and_removed(cable: Namespace) -> None:
    index = make(cable)
    cable.ip("link set vrrp4.51 down", "address flush dev vrrp4.51", "link set vrrp4.51 group 112")
    with cable.enter():
        LinuxHost().reset_link("vrrp4.51", index, 0)
    found = shown(cable)
    assert "UP" in found["flags"]
    assert found["group"] == "default"
    assert [one["local"] for one in found["addr_info"]] == ["127.112.0.1"]
    with cable.enter():
        LinuxHost().remove_link(index)
        LinuxHost().remove_link(index)
    assert "vrrp4.51" not in cable.run(["ip", "link"]).stdout
