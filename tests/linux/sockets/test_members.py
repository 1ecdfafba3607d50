"""`failover.linux.sockets.members`, beside what sockets have joined."""

import socket
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from failover.lab.network.namespaces import Namespace
from failover.linux.sockets import members as module
from failover.linux.sockets.advertisement import AdvertisementSocket
from failover.linux.sockets.members import members
from failover.vrrp import Family
from failover.vrrp.scope import GROUPS


@pytest.mark.root
@pytest.mark.parametrize("family", list(Family))
def test_the_interfaces_with_a_socket_are_members(cable: Namespace, family: Family) -> None:
    with cable.enter():
        assert GROUPS[family] not in {group for _, group in members(family) or ()}
        with ExitStack() as stack:
            indices = frozenset(map(socket.if_nametoindex, ("veth0", "veth1")))
            for name in ("veth0", "veth1"):
                opened = AdvertisementSocket(name, socket.if_nametoindex(name), family)
                stack.enter_context(closing(opened))
            assert {index for index, group in members(family) or () if group == GROUPS[family]} == indices
        assert GROUPS[family] not in {group for _, group in members(family) or ()}


def test_where_there_is_no_list_nobody_knows(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(module._LISTS, Family.IPV6, tmp_path / "igmp6")
    assert members(Family.IPV6) is None
