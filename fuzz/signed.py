"""Any bytes are an `Advertisement` or a `Discard` to a virtual router with keys: nothing raises.

Nothing is heard twice. What is heard by who demands a signature has a right digest, a known key, and a newer sequence
of about now. Only a right digest moves a mark. What is heard is what `receive()` makes of the message without its
trailer. An advertisement that was heard is refused where any one bit of it is another, but for the checksum.

The first byte of an input chooses the router, the second whom the packet came from and whether its checksum and digest
are made right, the third what was heard before, the fourth which bit is changed afterwards; the rest is the payload.
"""

import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address, ip_interface
from typing import Final

from failover.vrrp import (
    Address,
    Advertisement,
    ChecksumForm,
    Discard,
    DiscardReason,
    Family,
    ReceivedFrom,
    Secret,
    Version,
    VirtualRouter,
    encode,
    family_of,
    receive,
    seconds,
)
from failover.vrrp.authentication import sequence
from failover.vrrp.authentication.keys import AuthenticationMode, KeyedAuthentication
from failover.vrrp.authentication.replay import NO_MARKS, Marks
from failover.vrrp.packet.authenticated import receive_signed, trailer_of, with_trailer
from failover.vrrp.packet.checksum import checksum, pseudo_header
from failover.vrrp.protocol import HOP_LIMIT
from failover.vrrp.scope import GROUPS, Peer, Scope

WORDS: Final = (b"\x01\x01\0\0", b"\x01\x02\0\0")

_TRAILER: Final = 28
_DIGEST: Final = 16
_CHECKSUM: Final = slice(6, 8)
_HEADER_LENGTH: Final = 8
_ADDRESS_LENGTH: Final = {Family.IPV4: 4, Family.IPV6: 16}
_AUTHENTICATION_LENGTH: Final = 8
_WALL: Final = 1_800_000_000_500_000_000
"""Nanoseconds: now."""

_KEYS: Final = {1: bytes(range(32)), 2: bytes(range(64))}
_ENFORCED: Final = KeyedAuthentication(
    keys=tuple((number, Secret(key)) for number, key in _KEYS.items()), active_key=1, window=seconds(5)
)
_OURS: Final[dict[Family, Address]] = {Family.IPV4: IPv4Address("192.0.2.2"), Family.IPV6: IPv6Address("fe80::2")}
_SOURCES: Final[dict[Family, tuple[Address, ...]]] = {
    Family.IPV4: (IPv4Address("192.0.2.1"), IPv4Address("192.0.2.3"), _OURS[Family.IPV4]),
    Family.IPV6: (IPv6Address("fe80::1"), IPv6Address("fe80::3"), _OURS[Family.IPV6]),
}
_V3: Final = VirtualRouter(
    vrid=51,
    addresses=(ip_interface("198.51.100.1/24"), ip_interface("198.51.100.2/24")),
    primary_address=_OURS[Family.IPV4],
    keyed=_ENFORCED,
)
_V6: Final = replace(_V3, addresses=(ip_interface("fe80::100/64"),), primary_address=_OURS[Family.IPV6])
_ROUTERS: Final = (
    _V3,
    _V6,
    replace(_V3, keyed=replace(_ENFORCED, window=None)),
    replace(_V3, keyed=replace(_ENFORCED, mode=AuthenticationMode.PERMISSIVE)),
    replace(_V6, keyed=replace(_ENFORCED, mode=AuthenticationMode.RECEIVE_ONLY)),
    replace(_V3, version=Version.V2),
    replace(_V3, with_version_2=True),
    replace(_V3, scope=Scope(peers=(Peer(_SOURCES[Family.IPV4][0]),))),
    replace(_V6, scope=Scope(peers=(Peer(_SOURCES[Family.IPV6][0]),))),
    replace(_V3, keyed=None),
)


def seeds() -> Iterator[bytes]:
    """What peers of each router send: signed by each key, of now and of another time, and not signed."""
    for number, router in enumerate(_ROUTERS):
        source, to = _SOURCES[router.family][0], _destination(router)
        for form in ChecksumForm:
            if (form is ChecksumForm.MESSAGE) == (router.family is Family.IPV6):
                continue
            if form is ChecksumForm.PSEUDO_HEADER and router.version is Version.V2:
                continue
            message = encode(_sent(router, form), source, to)
            yield bytes((number, 0, 0, 0)) + message
            for key, away in ((1, 0), (2, 1), (1, -60)):
                by = replace(_ENFORCED, active_key=key)
                when = sequence.at(_WALL + away * seconds(1))
                trailer = trailer_of(message, source, by, when, _digest)
                yield bytes((number, 0, 1, 77)) + with_trailer(message, trailer, router.family)


def one(data: bytes) -> None:
    """Receive it, receive it again, and receive it with another bit."""
    if len(data) < 4:
        return
    router = _ROUTERS[data[0] % len(_ROUTERS)]
    meta = ReceivedFrom(_SOURCES[router.family][data[1] % 4 % 3], _destination(router), HOP_LIMIT)
    payload = _made_right(data[4:], data[1], meta)
    marks = _marks(data[2], meta.source)
    outcome, after = receive_signed(payload, meta, router, marks, _WALL, _digest)
    signed, by = _is_signed(payload, meta), router.keyed
    if after != marks:
        assert signed
    if isinstance(outcome, Discard):
        assert str(outcome).isprintable()
        return
    assert isinstance(outcome, Advertisement)
    if by is None:
        assert (outcome, after) == (receive(payload, meta, router), marks)
        return
    if not signed:
        assert by.mode is not AuthenticationMode.ENFORCE
        assert (outcome, after) == (receive(payload, meta, router), marks)
        return
    found = sequence.Sequence(int.from_bytes(payload[-24:-16]))
    message = _recomputed(payload[:-_TRAILER], outcome.checksum, meta)
    assert outcome == receive(message, meta, router)
    assert after.of(meta.source) == found
    if by.window is not None:
        assert abs(sequence.ahead(found, sequence.at(_WALL))) <= sequence.span(by.window)
    mark = marks.of(meta.source)
    assert mark is None or sequence.ahead(found, mark) > 0 or _is_forgotten(mark, by)
    again, unmoved = receive_signed(payload, meta, router, after, _WALL, _digest)
    assert (again, unmoved) == (Discard(DiscardReason.REPLAYED), after)
    if by.mode is AuthenticationMode.ENFORCE:
        other = _with_another_bit(payload, data[3])
        assert not isinstance(receive_signed(other, meta, router, marks, _WALL, _digest)[0], Advertisement)


def _destination(router: VirtualRouter) -> Address:
    return router.primary_address if router.scope.is_unicast else GROUPS[router.family]


def _sent(router: VirtualRouter, form: ChecksumForm) -> Advertisement:
    return Advertisement(
        version=router.version,
        vrid=router.vrid,
        priority=200,
        interval=router.advertisement_interval,
        addresses=router.advertised,
        checksum=form,
    )


def _digest(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, hashlib.sha256)


def _marks(choice: int, source: Address) -> Marks:
    """Nothing was heard before; or others were, and this sender, so many seconds from now."""
    if not choice & 1:
        return NO_MARKS
    others = NO_MARKS.moved(IPv4Address("192.0.2.77"), sequence.at(_WALL))
    return others.moved(source, sequence.at(_WALL + (choice // 2 - 8) * seconds(1)))


def _is_forgotten(mark: sequence.Sequence, by: KeyedAuthentication) -> bool:
    return by.window is not None and abs(sequence.ahead(mark, sequence.at(_WALL))) > sequence.span(by.window)


def _end(payload: bytes, family: Family) -> int | None:
    """Where the message ends by its own account."""
    if len(payload) < _HEADER_LENGTH or payload[0] not in (0x21, 0x31):
        return None
    authentication = _AUTHENTICATION_LENGTH if payload[0] == 0x21 else 0
    return _HEADER_LENGTH + payload[3] * _ADDRESS_LENGTH[family] + authentication


def _is_signed(payload: bytes, meta: ReceivedFrom) -> bool:
    """Whether it ends with a trailer whose digest is right, by what the draft says."""
    end = _end(payload, family_of(meta.source))
    if end is None or len(payload) != end + _TRAILER or payload[end] != 1 or payload[end + 2 : end + 4] != b"\0\0":
        return False
    key = _KEYS.get(payload[end + 1])
    return key is not None and payload[-_DIGEST:] == _made(key, payload, meta)


def _made(key: bytes, payload: bytes, meta: ReceivedFrom) -> bytes:
    sender = bytes((meta.source.version, payload[0] >> 4, payload[1], 0)) + meta.source.packed.ljust(16, b"\0")
    blank = payload[: _CHECKSUM.start] + b"\0\0" + payload[_CHECKSUM.stop : -_DIGEST]
    return _digest(key, sender + blank + bytes(_DIGEST))[:_DIGEST]


def _made_right(payload: bytes, choice: int, meta: ReceivedFrom) -> bytes:
    """Two bits of the choice have the digest made, by either key, and two the checksum."""
    if choice & 4 and len(payload) >= _HEADER_LENGTH + _TRAILER:
        payload = payload[:-_DIGEST] + _made(_KEYS[2 if choice & 8 else 1], payload, meta)
    if choice & 16 and len(payload) >= _HEADER_LENGTH:
        family = family_of(meta.source)
        covered = len(payload) if family is Family.IPV6 else (_end(payload, family) or len(payload))
        form = ChecksumForm.PSEUDO_HEADER if family is Family.IPV6 or choice & 32 else ChecksumForm.MESSAGE
        payload = _recomputed(payload[:covered], form, meta) + payload[covered:]
    return payload


def _recomputed(message: bytes, form: ChecksumForm, meta: ReceivedFrom) -> bytes:
    blank = message[: _CHECKSUM.start] + b"\0\0" + message[_CHECKSUM.stop :]
    pseudo = pseudo_header(meta.source, meta.destination, len(blank)) if form is ChecksumForm.PSEUDO_HEADER else b""
    return blank[: _CHECKSUM.start] + checksum(blank, pseudo).to_bytes(2) + blank[_CHECKSUM.stop :]


def _with_another_bit(payload: bytes, choice: int) -> bytes:
    """Any bit but those of the checksum."""
    places = [at for at in range(len(payload)) if at not in range(_CHECKSUM.start, _CHECKSUM.stop)]
    at = places[choice // 8 * len(places) // 32]
    return payload[:at] + bytes((payload[at] ^ 1 << choice % 8,)) + payload[at + 1 :]
