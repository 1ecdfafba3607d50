"""Any bytes from anywhere are an `Advertisement` or a `Discard`, which has a line for the log; nothing raises.

What is accepted encodes to the same bytes again, but for what the RFC has a receiver ignore; and the state machine
takes it in every state, and has nothing to send that cannot be encoded.

The first byte of an input chooses the router, the second whom the packet came from and whether its checksum is made
right; the rest is the VRRP message. With chance alone for a checksum, nearly nothing would get past it.
"""

from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address, ip_interface
from typing import Final

from failover.vrrp import (
    Address,
    Advertisement,
    AdvertisementReceived,
    ChecksumForm,
    Discard,
    Family,
    Initialize,
    Instant,
    ReceivedFrom,
    Secret,
    SendAdvertisement,
    Shutdown,
    Startup,
    State,
    Version,
    VirtualRouter,
    Wakeup,
    advertisements,
    centiseconds,
    deadline,
    encode,
    initial_state,
    receive,
    seconds,
    step,
)
from failover.vrrp.packet.checksum import checksum, pseudo_header
from failover.vrrp.protocol import HOP_LIMIT
from failover.vrrp.scope import GROUPS

WORDS: Final = ()

_CHECKSUM: Final = slice(6, 8)
_HEADER_LENGTH: Final = 8
_AUTHENTICATION_LENGTH: Final = 8
_RESERVE_AT: Final = 4

_NOW: Final = Instant(1_000_000_000_000)

_OURS: Final[dict[Family, Address]] = {Family.IPV4: IPv4Address("192.0.2.2"), Family.IPV6: IPv6Address("fe80::2")}
_SOURCES: Final[dict[Family, tuple[Address, ...]]] = {
    Family.IPV4: (IPv4Address("192.0.2.1"), IPv4Address("192.0.2.3"), _OURS[Family.IPV4]),
    Family.IPV6: (IPv6Address("fe80::1"), IPv6Address("fe80::3"), _OURS[Family.IPV6]),
}

_V3: Final = VirtualRouter(
    vrid=51,
    addresses=(ip_interface("198.51.100.1/24"), ip_interface("198.51.100.2/24")),
    primary_address=_OURS[Family.IPV4],
)
_V2: Final = replace(_V3, version=Version.V2)
_V6: Final = replace(
    _V3,
    addresses=(ip_interface("fe80::100/64"), ip_interface("2001:db8::1/64")),
    primary_address=_OURS[Family.IPV6],
)
_ROUTERS: Final = (
    _V3,
    _V2,
    _V6,
    replace(_V3, with_version_2=True),
    replace(_V3, priority=255, advertisement_interval=centiseconds(1)),
    replace(_V3, preempt_mode=False, priority=1),
    replace(_V2, check_address_list=True),
    replace(_V2, priority=255),
    replace(_V2, password=Secret(b"secret")),
    replace(_V6, require_link_local=False, advertisement_interval=centiseconds(4095)),
)

_AS_IT_IS, _OF_MESSAGE, _WITH_PSEUDO_HEADER = range(3)
"""What becomes of the checksum of an input."""


def seeds() -> Iterator[bytes]:
    """What peers of each router send, in each form of checksum, and right before it resigns."""
    for number, router in enumerate(_ROUTERS):
        forms = [ChecksumForm.PSEUDO_HEADER] if router.family is Family.IPV6 else [ChecksumForm.MESSAGE]
        if router.version is Version.V3 and router.family is Family.IPV4:
            forms.append(ChecksumForm.PSEUDO_HEADER)
        for form in forms:
            for priority in (0, 100, 255):
                sent = Advertisement(
                    version=router.version,
                    vrid=router.vrid,
                    priority=priority,
                    interval=router.advertisement_interval,
                    addresses=router.advertised,
                    checksum=form,
                    password=router.password,
                )
                yield bytes((number, 0)) + encode(sent, _SOURCES[router.family][0])
    migrating = Advertisement(version=Version.V2, vrid=51, priority=100, interval=seconds(1), addresses=_V3.advertised)
    yield bytes((3, 0)) + encode(migrating, _SOURCES[Family.IPV4][0])


def one(data: bytes) -> None:
    """Receive it, and have it do what it does."""
    if len(data) < 2:
        return
    router = _ROUTERS[data[0] % len(_ROUTERS)]
    meta = _meta(data[1], router.family)
    payload = _with_checksum(data[2:], data[1] // 8 % 3, meta)
    outcome = receive(payload, meta, router)
    if isinstance(outcome, Discard):
        assert str(outcome).isprintable()
        return
    assert isinstance(outcome, Advertisement)
    _check_encoding(replace(outcome, password=router.password), payload, meta)
    for state in _states(router):
        _take(router, state, AdvertisementReceived(outcome, meta.source))


def _meta(choice: int, family: Family) -> ReceivedFrom:
    """The two lowest bits choose the source, the next one makes something wrong."""
    source = _SOURCES[family][choice % 4 % 3]
    group = GROUPS[family]
    if not choice & 4:
        return ReceivedFrom(source, group, HOP_LIMIT)
    return ReceivedFrom(source, source, HOP_LIMIT) if choice & 1 else ReceivedFrom(source, group, choice)


def _with_checksum(payload: bytes, what: int, meta: ReceivedFrom) -> bytes:
    if what == _AS_IT_IS or len(payload) < _HEADER_LENGTH:
        return payload
    blank = payload[: _CHECKSUM.start] + b"\0\0" + payload[_CHECKSUM.stop :]
    pseudo = pseudo_header(meta.source, meta.destination, len(blank)) if what == _WITH_PSEUDO_HEADER else b""
    return blank[: _CHECKSUM.start] + checksum(blank, pseudo).to_bytes(2) + blank[_CHECKSUM.stop :]


def _check_encoding(advertisement: Advertisement, payload: bytes, meta: ReceivedFrom) -> None:
    """Ignored, and so is their sum: the reserve nibble of version 3; in version 2, what is there without a password."""
    expected = bytearray(payload)
    if advertisement.password is not None:
        pass
    elif advertisement.version is Version.V2:
        expected[-_AUTHENTICATION_LENGTH:] = bytes(_AUTHENTICATION_LENGTH)
    else:
        expected[_RESERVE_AT] &= 0x0F
    encoded = bytearray(encode(advertisement, meta.source))
    if expected == payload:
        # Either zero of one's complement arithmetic will do in a packet; we send the one.
        assert encoded[_CHECKSUM] == expected[_CHECKSUM] or expected[_CHECKSUM] == b"\xff\xff"
    encoded[_CHECKSUM] = expected[_CHECKSUM] = b"\0\0"
    assert encoded == expected


def _states(router: VirtualRouter) -> Iterator[State]:
    """One of each kind: as it begins, BACKUP or MASTER once started, and a BACKUP's MASTER once it has waited."""
    state: State = initial_state(router)
    yield state
    state = step(router, state, Startup(), _NOW).state
    yield state
    due = deadline(state)
    if due is not None:
        yield step(router, state, Wakeup(), due).state


def _take(router: VirtualRouter, state: State, event: AdvertisementReceived) -> None:
    """Hear it, wait for what comes of it, hear it again, and leave."""
    now = _NOW
    for following in (event, Wakeup(), event, Shutdown()):
        outcome = step(router, state, following, now)
        for action in outcome.actions:
            if isinstance(action, SendAdvertisement):
                for sent in advertisements(router, action):
                    encode(sent, router.primary_address)
        state = outcome.state
        now = max(now, deadline(state) or now)
    assert isinstance(state, Initialize)
