"""The whole datagram of what `step()` sends, as a daemon puts it together, before the judge."""

from dataclasses import replace

import pytest

from failover.frames import advertisement_datagram
from failover.vrrp import Family, SendAdvertisement, VirtualRouter, advertisements, encode
from tests.rfc.marks import negative, positive
from tests.tshark import AS_RFC_9568, Fields, complaints, dissect
from tests.vrrp.making import GREATER, OURS, V2, a_router

ROUTERS = (a_router(), a_router(version=V2), a_router(Family.IPV6))


def datagram(router: VirtualRouter) -> bytes:
    (message,) = advertisements(router, SendAdvertisement(router.priority, router.initial_checksum))
    return advertisement_datagram(router.primary_address, encode(message, router.primary_address))


@pytest.fixture(scope="module")
def dissected(tmp_path_factory: pytest.TempPathFactory) -> list[Fields]:
    return dissect(tmp_path_factory.mktemp("tshark"), [datagram(router) for router in ROUTERS], AS_RFC_9568)


@positive("R-001", "R-002", "R-005", "R-007", "R-009", "R-086")
@pytest.mark.parametrize("index", range(len(ROUTERS)))
def test_it_goes_from_the_primary_address_to_the_group_with_hop_limit_255(dissected: list[Fields], index: int) -> None:
    fields, router = dissected[index], ROUTERS[index]
    assert complaints(fields) == []
    if router.family is Family.IPV4:
        expected = {"ip_ip_src": "192.0.2.2", "ip_ip_dst": "224.0.0.18", "ip_ip_ttl": "255", "ip_ip_proto": "112"}
    else:
        expected = {
            "ipv6_ipv6_src": "fe80::2",
            "ipv6_ipv6_dst": "ff02::12",
            "ipv6_ipv6_hlim": "255",
            "ipv6_ipv6_nxt": "112",
        }
    assert {name: fields[name] for name in expected} == {name: [value] for name, value in expected.items()}
    assert fields["vrrp_vrrp_checksum_status"] == ["1"]


@negative("R-086")
@pytest.mark.parametrize("router", ROUTERS)
def test_another_primary_address_is_another_source_and_nothing_else_in_the_header(router: VirtualRouter) -> None:
    other = replace(router, primary_address=GREATER[router.family])
    ours, theirs = datagram(router), datagram(other)
    at, size = (12, 4) if router.family is Family.IPV4 else (8, 16)
    assert ours[at : at + size] == OURS[router.family].packed
    assert theirs[at : at + size] == GREATER[router.family].packed
    assert ours[at + size : at + 2 * size] == theirs[at + size : at + 2 * size]
