"""Where a router advertises, what it sends from, and whom it listens to."""

from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from failover.vrrp import (
    Advertisement,
    AdvertisementReceived,
    ChecksumForm,
    Discard,
    DiscardReason,
    Family,
    ReceivedFrom,
    VirtualRouter,
    encode,
    receive,
)
from failover.vrrp.machine.peers import oddities
from failover.vrrp.protocol import Address, Version
from failover.vrrp.scope import GROUPS, MULTICAST, Peer, Scope
from tests.vrrp.making import EACH_FAMILY, GREATER, ODD, ON_LINK, OURS, SMALLER, a_router, an_advertisement

OTHER_GROUP: dict[Family, Address] = {Family.IPV4: ip_address("224.0.0.99"), Family.IPV6: ip_address("ff02::99")}


def peers(*addresses: Address) -> Scope:
    return Scope(peers=tuple(map(Peer, addresses)))


def unicast(family: Family, **changes: Any) -> VirtualRouter:
    """One whose peers are on our link and beyond it, ourselves among them."""
    scope = peers(SMALLER[family], OURS[family], GREATER[family], ODD[family])
    return a_router(family, **{"scope": scope, "on_link": ON_LINK[family], **changes})


def heard(router: VirtualRouter, meta: ReceivedFrom, **changes: Any) -> Advertisement | Discard:
    sent = an_advertisement(router, **changes)
    return receive(encode(sent, meta.source, meta.destination), meta, router)


def reason(found: Advertisement | Discard) -> DiscardReason | None:
    return found.reason if isinstance(found, Discard) else None


@EACH_FAMILY
def test_by_default_it_is_the_group_of_the_rfc(family: Family) -> None:
    assert a_router(family).destinations == (GROUPS[family],)
    assert not MULTICAST.is_unicast
    assert MULTICAST.peer(OURS[family]) is None
    assert MULTICAST.source_among((), OURS[family]) == OURS[family]


@EACH_FAMILY
def test_another_group_is_advertised_to_and_alone_listened_to(family: Family) -> None:
    router = a_router(family, scope=Scope(group=OTHER_GROUP[family]))
    assert router.destinations == (OTHER_GROUP[family],)
    assert reason(heard(router, ReceivedFrom(GREATER[family], OTHER_GROUP[family], 255))) is None
    found = heard(router, ReceivedFrom(GREATER[family], GROUPS[family], 255))
    assert found == Discard(DiscardReason.DESTINATION, GROUPS[family], OTHER_GROUP[family])


@EACH_FAMILY
def test_all_peers_but_ourselves_are_advertised_to(family: Family) -> None:
    assert unicast(family).destinations == (SMALLER[family], GREATER[family], ODD[family])
    assert a_router(family, scope=peers(OURS[family])).destinations == ()


@EACH_FAMILY
def test_peers_are_listened_to_and_nobody_else(family: Family) -> None:
    router = unicast(family)
    for source in (SMALLER[family], GREATER[family]):
        assert reason(heard(router, ReceivedFrom(source, OURS[family], 255))) is None
    stranger = ip_address("192.0.2.9" if family is Family.IPV4 else "fe80::9")
    assert heard(router, ReceivedFrom(stranger, OURS[family], 255)) == Discard(DiscardReason.NOT_A_PEER, stranger)
    assert reason(heard(router, ReceivedFrom(OURS[family], OURS[family], 255))) is DiscardReason.OWN_SOURCE
    to_all = heard(router, ReceivedFrom(GREATER[family], GROUPS[family], 255))
    assert to_all == Discard(DiscardReason.DESTINATION, GROUPS[family], OURS[family])


@EACH_FAMILY
def test_a_peer_on_our_link_has_hop_limit_255_and_one_beyond_what_is_configured(family: Family) -> None:
    near, far = GREATER[family], ODD[family]
    for least, most in ((0, 255), (250, 254)):
        scope = Scope(peers=(Peer(near, least, most), Peer(far, least, most)))
        router = unicast(family, scope=scope)
        assert reason(heard(router, ReceivedFrom(near, OURS[family], 255))) is None
        wrong = heard(router, ReceivedFrom(near, OURS[family], 254))
        assert wrong == Discard(DiscardReason.HOP_LIMIT, 254, 255)
        for hop_limit in (0, 1, 249, 250, 254, 255):
            outcome = reason(heard(router, ReceivedFrom(far, OURS[family], hop_limit)))
            assert (outcome is None) == (least <= hop_limit <= most)
    router = unicast(family, scope=Scope(peers=(Peer(far, 250, 254),)))
    assert heard(router, ReceivedFrom(far, OURS[family], 1)) == Discard(DiscardReason.HOP_LIMIT, 1, "250 to 254")


@given(st.sampled_from(ChecksumForm), st.integers(0, 255))
def test_both_forms_of_checksum_count_with_the_real_destination(form: ChecksumForm, priority: int) -> None:
    router = unicast(Family.IPV4)
    meta = ReceivedFrom(GREATER[Family.IPV4], OURS[Family.IPV4], 255)
    found = heard(router, meta, checksum=form, priority=priority)
    assert isinstance(found, Advertisement)
    assert found.checksum is form
    to_group = encode(an_advertisement(router, checksum=ChecksumForm.PSEUDO_HEADER), meta.source)
    assert reason(receive(to_group, meta, router)) is DiscardReason.CHECKSUM


@EACH_FAMILY
def test_where_a_peer_is_is_nothing_odd(family: Family) -> None:
    event = AdvertisementReceived(an_advertisement(unicast(family), priority=99), ODD[family])
    assert oddities(unicast(family), event) == ()
    assert len(oddities(replace(unicast(family), scope=MULTICAST), event)) == 1


IPV6_OWN = IPv6Address("fe80::2"), IPv6Address("2001:db8::2"), IPv6Address("2001:db8::3")


@pytest.mark.parametrize(
    ("scope", "source"),
    [
        (Scope(), "fe80::2"),
        (Scope(source=IPV6_OWN[2]), "2001:db8::3"),
        (Scope(source=IPv6Address("2001:db8::4")), None),
        (peers(IPv6Address("fe80::9")), "fe80::2"),
        (peers(IPv6Address("2001:db8::9")), "2001:db8::2"),
        (peers(IPv6Address("2001:db8::9"), IPV6_OWN[2]), "2001:db8::3"),
        (Scope(source=IPV6_OWN[1], peers=(Peer(IPV6_OWN[2]),)), "2001:db8::2"),
    ],
)
def test_it_sends_from_what_is_configured_or_what_its_peers_know(scope: Scope, source: str | None) -> None:
    found = scope.source_among(IPV6_OWN, IPV6_OWN[0])
    assert found == (None if source is None else IPv6Address(source))


def test_peers_beyond_the_link_need_an_address_that_is_not_link_local() -> None:
    assert peers(IPv6Address("2001:db8::9")).source_among(IPV6_OWN[:1], IPV6_OWN[0]) is None
    usual = IPv4Address("192.0.2.2")
    assert peers(IPv4Address("203.0.113.9")).source_among((usual,), usual) == usual


@pytest.mark.parametrize(
    ("given_", "words"),
    [
        ({"group": OTHER_GROUP[Family.IPV4], "peers": (Peer(GREATER[Family.IPV4]),)}, "a group or peers, not both"),
        ({"hop_limit": 64}, "hop_limit is 64; allowed: 255 without peers"),
        ({"hop_limit": 0, "peers": (Peer(GREATER[Family.IPV4]),)}, "hop_limit is 0; allowed: 1 to 255"),
    ],
)
def test_a_scope_contradicts_itself_in_nothing(given_: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Scope(**given_)


@pytest.mark.parametrize("limits", [(-1, 255), (5, 4), (0, 256)])
def test_hop_limits_are_not_upside_down(limits: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match=f"hop limits are {limits[0]} to {limits[1]}"):
        Peer(GREATER[Family.IPV4], *limits)


def test_a_scope_is_of_the_routers_family() -> None:
    for scope in (peers(OURS[Family.IPV6]), Scope(group=OTHER_GROUP[Family.IPV6]), Scope(source=OURS[Family.IPV6])):
        assert scope.families == {Family.IPV6}
        with pytest.raises(ValueError, match="one family"):
            a_router(scope=scope)
    assert unicast(Family.IPV4, version=Version.V2).scope.families == {Family.IPV4}
    assert ON_LINK[Family.IPV4] == (ip_network("192.0.2.0/24"),)
