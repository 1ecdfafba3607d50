"""Encodes and decodes advertisements of version 2 and 3. Bytes and fields only: whether to accept them, `receive` says.

Version 3 (RFC 9568 §5.1)::

     0                   1                   2                   3
     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
    +-------+-------+---------------+---------------+---------------+
    |Version| Type  | Virtual Rtr ID|   Priority    |  Addr Count   |
    +-------+-------+---------------+---------------+---------------+
    |Reserve| Max Advertise Interval|          Checksum             |
    +-------+-----------------------+-------------------------------+
    |                      Address(es), 4 or 16 bytes each          |
    +---------------------------------------------------------------+

Version 2 (RFC 3768 §5.1) has two whole bytes, Auth Type and Adver Int (seconds), where version 3 has Reserve and
the interval, and always ends with 8 bytes of Authentication Data: zeros, or a password (RFC 2338 §5.3.6.2).
"""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from struct import Struct

from failover.vrrp.authentication.password import DATA_LENGTH, authentication_data, type_of
from failover.vrrp.authentication.secret import Secret
from failover.vrrp.packet.checksum import checksum, pseudo_header, verifies
from failover.vrrp.protocol import (
    INTERVAL_CENTISECONDS_V3,
    Address,
    ChecksumForm,
    Family,
    Version,
    family_of,
)
from failover.vrrp.scope import GROUPS
from failover.vrrp.units import NANOSECONDS_PER_CENTISECOND, NANOSECONDS_PER_SECOND, Interval

HEADER_LENGTH = 8
TYPE_ADVERTISEMENT = 1
TYPE_UNDEFINED = 0
VRID_AT = 1
PRIORITY_AT = 2
COUNT_AT = 3
AUTHENTICATION_TYPE_AT = 4
INTERVAL_AT = 4
CHECKSUM_AT = 6
"""Byte offsets in a message, for code that reads single fields without decoding it. At `INTERVAL_AT` there are two
bytes: in version 3, 4 reserved and 12 interval bits; in version 2, the authentication type and then the interval."""

_HEADER = Struct("!BBBBHH")
_INTERVAL_BITS = 0x0FFF
_FORMS = {
    (Version.V2, Family.IPV4): (ChecksumForm.MESSAGE,),
    (Version.V3, Family.IPV4): (ChecksumForm.MESSAGE, ChecksumForm.PSEUDO_HEADER),
    (Version.V3, Family.IPV6): (ChecksumForm.PSEUDO_HEADER,),
}
"""The forms of checksum that exist, by version and family. There is no version 2 over IPv6."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Advertisement:
    """The content of one ADVERTISEMENT message."""

    version: Version
    vrid: int
    priority: int
    """0 to 255; 0 says that the MASTER is resigning."""
    interval: Interval
    """Nanoseconds: Max Advertise Interval (version 3, whole centiseconds) or Adver Int (version 2, whole seconds)."""
    addresses: tuple[Address, ...]
    checksum: ChecksumForm = ChecksumForm.MESSAGE
    """What the checksum covers. Always MESSAGE in version 2 and PSEUDO_HEADER over IPv6."""
    password: Secret | None = None
    """Version 2: what to send with it. None in one that was received: whether it had the right one was checked."""


@dataclass(frozen=True, slots=True)
class RawHeader:
    """The first 8 bytes of a message, decoded but not checked."""

    version: int
    type: int
    vrid: int
    priority: int
    count: int
    authentication_type: int
    """Meaningful in version 2 only."""
    interval: Interval


def encode(advertisement: Advertisement, source: Address, destination: Address | None = None) -> bytes:
    """The message in bytes, as sent from `source` to `destination`, or to the VRRP group (RFC 9568 §7.2).

    Raises `ValueError` where a field does not fit its place in the message. The parameters of a `VirtualRouter` fit:
    it has checked them itself.
    """
    return _encode(TYPE_ADVERTISEMENT, advertisement, source, destination)


def encode_trial(advertisement: Advertisement, source: Address, destination: Address | None = None) -> bytes:
    """As `encode`, but of a type that is not defined: each receiver must discard it (RFC 9568 §5.2.2).

    It takes the way of an advertisement, and has no effect where it arrives. Whether it can be sent is what it tells.
    Our own daemons know it (`receive.TRIAL`) and do not call it an error.
    """
    return _encode(TYPE_UNDEFINED, advertisement, source, destination)


def _encode(type_: int, advertisement: Advertisement, source: Address, destination: Address | None) -> bytes:
    a = advertisement
    _demand_fits(a, family_of(source))
    addresses = b"".join(address.packed for address in a.addresses)
    word = type_of(a.password) << 8 | _interval_field(a)
    head = _HEADER.pack(a.version << 4 | type_, a.vrid, a.priority, len(a.addresses), word, 0)
    message = head + addresses + (authentication_data(a.password) if a.version is Version.V2 else b"")
    pseudo = _pseudo_header(a.checksum, source, destination or GROUPS[family_of(source)], len(message))
    return message[:CHECKSUM_AT] + checksum(message, pseudo).to_bytes(2) + message[HEADER_LENGTH:]


def read_header(payload: bytes) -> RawHeader:
    """The fixed part of a message. The 4 reserved bits of version 3 are ignored.

    Raises `struct.error` where the message is shorter than `HEADER_LENGTH`: check that first.
    """
    first, vrid, priority, count, word, _ = _HEADER.unpack_from(payload)
    version = first >> 4
    if version == Version.V2:
        interval = Interval((word & 0xFF) * NANOSECONDS_PER_SECOND)
    else:
        interval = Interval((word & _INTERVAL_BITS) * NANOSECONDS_PER_CENTISECOND)
    return RawHeader(version, first & 0xF, vrid, priority, count, word >> 8, interval)


def message_length(version: Version, family: Family, count: int) -> int:
    """The exact length in bytes of a message with `count` addresses."""
    return HEADER_LENGTH + count * _address_length(family) + trailer_length(version)


def trailer_length(version: Version) -> int:
    """The bytes of Authentication Data after the addresses (RFC 3768 §5.3.10)."""
    return DATA_LENGTH if version is Version.V2 else 0


def read_addresses(payload: bytes, family: Family, count: int) -> tuple[Address, ...]:
    """The address list of a message whose length has been checked (`message_length`)."""
    kind, size = (IPv4Address, 4) if family is Family.IPV4 else (IPv6Address, 16)
    end = HEADER_LENGTH + count * size
    return tuple(kind(payload[i : i + size]) for i in range(HEADER_LENGTH, end, size))


def checksum_form(payload: bytes, version: Version, source: Address, destination: Address) -> ChecksumForm | None:
    """Which form of checksum the message carries; None where it is wrong (RFC 9568 §5.2.8, RFC 3768 §5.3.8).

    IPv6 has one form (with the pseudo-header). Version 2 has one (without). Version 3 over IPv4 may have either.
    """
    for form in _FORMS.get((version, family_of(destination)), ()):
        if verifies(payload, _pseudo_header(form, source, destination, len(payload))):
            return form
    return None


def _demand_fits(advertisement: Advertisement, family: Family) -> None:
    """Raise `ValueError` where a field does not fit the message. The interval is for `_interval_field` to check."""
    a = advertisement
    if not (0 <= a.vrid <= 255 and 0 <= a.priority <= 255 and len(a.addresses) <= 255):
        raise ValueError(f"does not fit eight bits: vrid {a.vrid}, priority {a.priority}, {len(a.addresses)} addresses")
    if any(family_of(address) is not family for address in a.addresses):
        raise ValueError(f"addresses of another family in a message over {family.label}")
    if a.password is not None and a.version is not Version.V2:
        raise ValueError(f"version {a.version} has no password")
    forms = _FORMS.get((a.version, family), ())
    if a.checksum not in forms:
        raise ValueError(f"version {a.version} over {family.label} has no checksum of the form {a.checksum.value}")


def _pseudo_header(form: ChecksumForm, source: Address, destination: Address, length: int) -> bytes:
    return pseudo_header(source, destination, length) if form is ChecksumForm.PSEUDO_HEADER else b""


def _interval_field(advertisement: Advertisement) -> int:
    """The interval in the unit of the version; `ValueError` where it is not a whole number of it, or too long."""
    if advertisement.version is Version.V2:
        unit, allowed = NANOSECONDS_PER_SECOND, range(256)
    else:
        unit, allowed = NANOSECONDS_PER_CENTISECOND, range(INTERVAL_CENTISECONDS_V3.stop)
    count, rest = divmod(advertisement.interval, unit)
    if rest or count not in allowed:
        raise ValueError(f"interval {advertisement.interval} ns does not fit version {advertisement.version}")
    return count


def _address_length(family: Family) -> int:
    return 4 if family is Family.IPV4 else 16
