"""What the filter passes where there are other groups or unicast peers: what a router may hear, and nothing else."""

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from failover.frames import advertisement_datagram
from failover.linux.filter.program import Terms, program
from failover.linux.filter.reach import MOST_PEERS, Reach, groups, reach_of
from failover.vrrp import Advertisement, Family, ReceivedFrom, Version, VirtualRouter, encode, receive
from failover.vrrp.protocol import Address
from failover.vrrp.scope import GROUPS, MULTICAST, Peer, Scope
from tests.linux.filter.bpf_machine import run
from tests.vrrp.making import EACH_FAMILY, GREATER, ODD, OURS, SMALLER, a_router, an_advertisement

OTHER_GROUP: dict[Family, Address] = {Family.IPV4: ip_address("224.0.0.99"), Family.IPV6: ip_address("ff02::99")}


def three(family: Family) -> tuple[VirtualRouter, ...]:
    """In the usual group, in another one, and with peers: VRIDs 51, 52 and 53."""
    far = Peer(ODD[family], 200, 250)
    scopes = (MULTICAST, Scope(group=OTHER_GROUP[family]), Scope(peers=(Peer(GREATER[family]), far)))
    return tuple(a_router(family, vrid=51 + place, scope=scope) for place, scope in enumerate(scopes))


def passes(family: Family, packet: bytes, routers: tuple[VirtualRouter, ...], *versions: Version) -> bool:
    vrids = frozenset(router.vrid for router in routers)
    terms = Terms(vrids, frozenset(versions), reach=reach_of(routers))
    return run(program(family, terms), packet, 0 if family is Family.IPV4 else 40) > 0


@EACH_FAMILY
def test_where_all_are_in_the_usual_group_there_is_nothing_to_say(family: Family) -> None:
    assert reach_of([]) is None
    assert reach_of([a_router(family, scope=Scope(source=OURS[family]))]) is None
    assert groups(family, None) == {GROUPS[family]}


@EACH_FAMILY
def test_the_groups_of_all_are_joined_and_none_for_peers(family: Family) -> None:
    routers = three(family)
    assert groups(family, reach_of(routers)) == {GROUPS[family], OTHER_GROUP[family]}
    assert groups(family, reach_of(routers[2:])) == frozenset()


@EACH_FAMILY
@given(
    source=st.sampled_from([OURS, GREATER, ODD, SMALLER]),
    destination=st.sampled_from([GROUPS, OTHER_GROUP, OURS]),
    vrid=st.integers(50, 54),
    hop_limit=st.sampled_from([1, 199, 200, 250, 255]),
    strict=st.booleans(),
)
def test_it_refuses_nothing_that_a_router_accepts_and_no_stranger_passes(
    family: Family,
    source: dict[Family, Address],
    destination: dict[Family, Address],
    vrid: int,
    hop_limit: int,
    strict: bool,  # noqa: FBT001 - drawn
) -> None:
    routers = three(family)
    here, there = source[family], destination[family]
    message = encode(an_advertisement(routers[0], vrid=vrid), here, there)
    packet = advertisement_datagram(here, message, there, hop_limit)
    found = passes(family, packet, routers, *([Version.V3] if strict else []))
    meta = ReceivedFrom(here, there, hop_limit)
    if any(isinstance(receive(message, meta, router), Advertisement) for router in routers):
        assert found
    elif (there, vrid) not in {(GROUPS[family], 51), (OTHER_GROUP[family], 52)}:
        assert not found or (vrid == 53 and here in {GREATER[family], ODD[family]})


@EACH_FAMILY
def test_beyond_so_many_peers_the_daemon_alone_looks_who_is_one(family: Family) -> None:
    base = int(GREATER[family])
    for count in (MOST_PEERS, MOST_PEERS + 1):
        kind = type(GREATER[family])
        peers = tuple(Peer(kind(base + 2 * number)) for number in range(count))
        router = a_router(family, scope=Scope(peers=peers))
        for number, is_peer in ((0, True), (2 * MOST_PEERS - 2, True), (1, False)):
            address = kind(base + number)
            packet = advertisement_datagram(
                address, encode(an_advertisement(router), address, OURS[family]), OURS[family]
            )
            assert passes(family, packet, (router,)) == (is_peer or count > MOST_PEERS)


def test_the_least_hop_limit_is_that_of_all_peers() -> None:
    reach = reach_of(three(Family.IPV4))
    assert isinstance(reach, Reach)
    assert reach.least_hop_limit == 0
    far = a_router(scope=Scope(peers=(Peer(ODD[Family.IPV4], 200),)))
    assert reach_of([far]) == Reach((), frozenset({51}), frozenset({ODD[Family.IPV4]}), 200)
    with pytest.raises(ValueError, match="vrids"):
        program(Family.IPV4, Terms(frozenset({0}), reach=reach))
