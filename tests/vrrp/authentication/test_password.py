"""The password of version 2, sent and received (RFC 2338 §5.3.6.2)."""

from dataclasses import replace
from ipaddress import ip_address, ip_interface

import pytest
from hypothesis import given
from hypothesis import strategies as st

from failover.vrrp import (
    Advertisement,
    Discard,
    DiscardReason,
    Family,
    ReceivedFrom,
    Secret,
    SendAdvertisement,
    VirtualRouter,
    advertisements,
    encode,
    is_cut,
    receive,
    seconds,
)
from failover.vrrp.authentication.password import authentication_data
from failover.vrrp.protocol import ChecksumForm
from failover.vrrp.scope import GROUPS
from tests.rfc.marks import negative, positive
from tests.vrrp.making import GREATER, PEER, V2, V3, a_router, an_advertisement
from tests.vrrp.packets import V2_ROUTER, VERSION_2, accepts, outcome

OURS = replace(V2_ROUTER, password=Secret(b"secret"))
META = ReceivedFrom(PEER, GROUPS[Family.IPV4], 255)
KEEPALIVED = bytes.fromhex("2133c8010101e4d6c000029668756e7465723200")
"""What keepalived 2.2.7 sent as MASTER of VRID 51 with 192.0.2.150, priority 200 and `auth_pass hunter2`."""

passwords = st.binary(min_size=1, max_size=20).filter(lambda content: b"\0" not in content).map(Secret)


def sent_by(router: VirtualRouter) -> bytes:
    (message,) = (encode(one, PEER) for one in advertisements(router, SendAdvertisement(90, ChecksumForm.MESSAGE)))
    return message


@positive("S-002", "S-003")
@given(passwords)
def test_who_has_the_same_password_is_heard_and_nobody_else(password: Secret) -> None:
    router = replace(V2_ROUTER, password=password)
    found = receive(sent_by(router), META, router)
    assert isinstance(found, Advertisement)
    assert found.priority == 90
    without = receive(sent_by(router), META, V2_ROUTER)
    assert without == Discard(DiscardReason.AUTHENTICATION_TYPE, 1, 0)
    assert receive(sent_by(V2_ROUTER), META, router) == Discard(DiscardReason.AUTHENTICATION_TYPE, 0, 1)


@negative("S-002")
@given(passwords, passwords)
def test_another_password_is_refused_unless_it_begins_with_the_same_8_bytes(ours: Secret, theirs: Secret) -> None:
    found = receive(sent_by(replace(V2_ROUTER, password=theirs)), META, replace(V2_ROUTER, password=ours))
    assert isinstance(found, Advertisement) == (ours.reveal()[:8] == theirs.reveal()[:8])


def test_a_packet_with_the_wrong_password_is_named_and_the_passwords_are_not() -> None:
    found = receive(sent_by(replace(V2_ROUTER, password=Secret(b"wrong"))), META, OURS)
    assert isinstance(found, Discard)
    assert str(found) == "password that is not ours"


@negative("S-003")
@pytest.mark.parametrize("place", range(8))
def test_each_byte_of_it_counts(place: int) -> None:
    trailer = bytearray(authentication_data(OURS.password))
    assert accepts(replace(VERSION_2, fifth=1, trailer=bytes(trailer)), OURS)
    trailer[place] ^= 0x80
    assert outcome(replace(VERSION_2, fifth=1, trailer=bytes(trailer)), OURS) is DiscardReason.PASSWORD


@pytest.mark.parametrize("kind", [0, 2, 3, 255])
def test_no_other_type_will_do(kind: int) -> None:
    trailer = authentication_data(OURS.password)
    assert outcome(replace(VERSION_2, fifth=kind, trailer=trailer), OURS) is DiscardReason.AUTHENTICATION_TYPE


def test_it_is_8_bytes_on_the_wire_cut_or_filled_up_with_zeros() -> None:
    assert authentication_data(None) == bytes(8)
    assert authentication_data(Secret(b"abc")) == b"abc\0\0\0\0\0"
    assert authentication_data(Secret(b"abcdefgh")) == authentication_data(Secret(b"abcdefghi")) == b"abcdefgh"
    assert [is_cut(Secret(content)) for content in (b"a", b"abcdefgh", b"abcdefghi")] == [False, False, True]


def test_what_keepalived_sends_is_heard_and_sent_in_the_same_bytes() -> None:
    router = a_router(
        version=V2,
        priority=200,
        addresses=(ip_interface("192.0.2.150/24"),),
        password=Secret(b"hunter2"),
    )
    assert isinstance(receive(KEEPALIVED, META, replace(router, priority=100)), Advertisement)
    (own,) = advertisements(router, SendAdvertisement(200, ChecksumForm.MESSAGE))
    assert encode(own, ip_address("192.0.2.12")) == KEEPALIVED


def test_it_resigns_with_its_password() -> None:
    (last,) = advertisements(OURS, SendAdvertisement(0, ChecksumForm.MESSAGE))
    found = receive(encode(last, PEER), META, OURS)
    assert isinstance(found, Advertisement)
    assert found.priority == 0


def test_only_version_2_has_a_place_for_it() -> None:
    with pytest.raises(ValueError, match="password is set; allowed: version 2 only"):
        a_router(version=V3, password=Secret(b"secret"))
    with pytest.raises(ValueError, match="version 3 has no password"):
        encode(an_advertisement(a_router(), password=Secret(b"secret")), GREATER[Family.IPV4])


def test_an_empty_one_is_none() -> None:
    with pytest.raises(ValueError, match="password is empty"):
        a_router(version=V2, advertisement_interval=seconds(1), password=Secret(b""))


def test_a_secret_is_not_shown_and_can_be_compared() -> None:
    assert repr(OURS).count("password=Secret(hidden)") == 1
    assert "secret" not in repr(OURS)
    assert f"{OURS.password}" == "Secret(hidden)"
    assert Secret(b"a") == Secret(b"a") != Secret(b"b")
    assert Secret(b"a") != b"a"
    assert len({Secret(b"a"), Secret(b"a"), Secret(b"b")}) == 2
