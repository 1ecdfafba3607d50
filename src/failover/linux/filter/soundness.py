"""The part of the kernel filter that refuses invalid packets, in force during a flood of them.

The rules are those of `vrrp.packet.receive` that depend on no setting but the version; tests hold the two to each
other. Over IPv4, the checksum of a message with more than `SUMMED_ADDRESSES` addresses, or after IP options, is left to
the daemon. Over IPv6, the kernel itself checks the checksum where the socket asks for it (IPV6_CHECKSUM).
"""

from typing import Final, NamedTuple

from failover.frames import ipv4, ipv6
from failover.linux.filter.bpf import (
    ADD,
    ADD_WITH_CARRY,
    ADD_X,
    COPY_TO_X,
    JUMP,
    JUMP_IF_ANY_BIT,
    JUMP_IF_EQUAL,
    JUMP_IF_EQUAL_X,
    JUMP_IF_NOT_LESS,
    LOAD_BYTE,
    LOAD_LENGTH,
    LOAD_STORED,
    LOAD_WORD,
    LOAD_X_IMMEDIATE,
    MODULO,
    NETWORK_HEADER,
    REFUSE,
    SHIFT_LEFT,
    STORE,
    Instruction,
    Program,
)
from failover.linux.filter.payload import load_byte, load_half
from failover.linux.filter.reach import Reach
from failover.vrrp.authentication.password import AuthenticationType
from failover.vrrp.authentication.trailer import LENGTH as TRAILER_LENGTH
from failover.vrrp.packet.advertisement import (
    AUTHENTICATION_TYPE_AT,
    COUNT_AT,
    HEADER_LENGTH,
    INTERVAL_AT,
    TYPE_ADVERTISEMENT,
    message_length,
    trailer_length,
)
from failover.vrrp.protocol import HOP_LIMIT, PROTOCOL_NUMBER, Family, Version
from failover.vrrp.scope import MULTICAST

SUMMED_ADDRESSES: Final = 16
"""The most addresses for which the filter computes the checksum. For 255 the program would be larger than the memory
that older kernels give a socket for its filter (`net.core.optmem_max`, 20 kB)."""

_INTERVAL_BITS: Final = {Version.V2: 0x00FF, Version.V3: 0x0FFF}
_LOG2_ADDRESS_LENGTH: Final = {Family.IPV4: 2, Family.IPV6: 4}
_ONES: Final = 0xFFFF
_MASK: Final = 0xFFFFFFFF
_LENGTH_IN: Final = 1
"""The word of memory with the length of a packet without its trailer."""


class Form(NamedTuple):
    """What valid advertisements may have here, beside what any may: it depends on who listens."""

    without_addresses: bool = False
    """Whether one that lists no address is valid as well."""
    authentication_types: frozenset[int] = frozenset({AuthenticationType.NONE})
    """Of version 2."""
    with_trailer: bool = False
    """Whether one with an HMAC trailer is valid as well; what is in that is for the daemon to judge."""


PLAIN: Final = Form()


def demand_sound(
    family: Family, versions: frozenset[Version], form: Form = PLAIN, reach: Reach | None = None
) -> Program:
    """Refuse a hop limit that nobody takes, other versions and types, a wrong count or length, and bad fields.

    A count of 0, a trailer and an authentication type of version 2 are wrong unless the `form` may have them. Over IPv4
    also a wrong checksum; over IPv6 the kernel itself checks that where the socket asks for it.
    """
    hop_limit = ipv4.TTL_AT if family is Family.IPV4 else NETWORK_HEADER + ipv6.HOP_LIMIT_AT
    least = reach.least_hop_limit if reach else HOP_LIMIT
    blocks: Program = (REFUSE,)
    for version in sorted(versions):
        fields = _demand_fields(family, version, form.authentication_types)
        check = (*_demand_length(family, version, form), *fields)
        blocks = (
            Instruction(JUMP_IF_EQUAL, version << 4 | TYPE_ADVERTISEMENT, jump_false=len(check) + 1),
            *check,
            Instruction(JUMP, len(blocks)),
            *blocks,
        )
    # The kernel refuses a program in which it sees a way, be it impossible, from no store to a load.
    stored = (Instruction(LOAD_LENGTH), Instruction(STORE, _LENGTH_IN)) if form.with_trailer else ()
    return (
        *stored,
        Instruction(LOAD_BYTE, hop_limit),
        Instruction(JUMP_IF_NOT_LESS, least, jump_true=1),
        REFUSE,
        *load_byte(family, 0),
        *blocks,
        *(_demand_checksum(versions, reach, _length(form)) if family is Family.IPV4 else ()),
    )


def _length(form: Form) -> Instruction:
    """Load the length of a packet whose length has been checked, without its trailer."""
    return Instruction(LOAD_STORED, _LENGTH_IN) if form.with_trailer else Instruction(LOAD_LENGTH)


def _demand_length(family: Family, version: Version, form: Form) -> Program:
    """Refuse a message with too small a count, or whose length is not what the count says."""
    header = (Instruction(ADD_X),) if family is Family.IPV4 else ()
    some = (Instruction(JUMP_IF_EQUAL, 0, jump_false=1), REFUSE) if not form.without_addresses else ()
    return (
        *load_byte(family, COUNT_AT),
        *some,
        Instruction(SHIFT_LEFT, _LOG2_ADDRESS_LENGTH[family]),
        Instruction(ADD, HEADER_LENGTH + trailer_length(version)),
        *header,
        *((Instruction(STORE, _LENGTH_IN),) if form.with_trailer else ()),
        Instruction(COPY_TO_X),
        Instruction(LOAD_LENGTH),
        *(
            (
                Instruction(JUMP_IF_EQUAL_X, jump_true=3),
                Instruction(ADD, -TRAILER_LENGTH & _MASK),
                Instruction(JUMP_IF_EQUAL_X, jump_true=1),
            )
            if form.with_trailer
            else (Instruction(JUMP_IF_EQUAL_X, jump_true=1),)
        ),
        REFUSE,
    )


def _demand_fields(family: Family, version: Version, authentication_types: frozenset[int]) -> Program:
    """Refuse an interval of 0 (erratum 8301), and in version 2 another authentication type (RFC 3768 §7.1)."""
    known = sorted(authentication_types)
    authentication = (
        *load_byte(family, AUTHENTICATION_TYPE_AT),
        *(Instruction(JUMP_IF_EQUAL, number, jump_true=len(known) - place) for place, number in enumerate(known)),
        REFUSE,
    )
    return (
        *(authentication if version is Version.V2 else ()),
        *load_half(family, INTERVAL_AT),
        Instruction(JUMP_IF_ANY_BIT, _INTERVAL_BITS[version], jump_true=1),
        REFUSE,
    )


def _demand_checksum(versions: frozenset[Version], reach: Reach | None, load_length: Instruction) -> Program:
    """Refuse a wrong checksum over IPv4, in a message whose length has been checked.

    BPF has no loops, so the sum is unrolled: from the last word of the longest message to the first word. A table by
    length says where to jump into it. A longer message, or one after IP options, passes.
    """
    longest = message_length(Version.V2, Family.IPV4, SUMMED_ADDRESSES)
    shortest = message_length(Version.V3, Family.IPV4, 0)
    add_word = [
        (Instruction(LOAD_WORD, ipv4.HEADER_LENGTH + offset), *ADD_WITH_CARRY)
        for offset in reversed(range(0, longest, 4))
    ]
    lengths = range(shortest, longest + 1, 4)
    verdict = _judge_sum(versions, reach, load_length)
    total = tuple(instruction for word in add_word for instruction in word)
    table: list[Instruction] = [Instruction(JUMP, len(total) + len(verdict))]
    for length in reversed(lengths):
        entry = len(table) + (longest - length) // 4 * len(add_word[0])
        table[:0] = [Instruction(JUMP_IF_EQUAL, ipv4.HEADER_LENGTH + length, jump_true=entry)]
    summing = (Instruction(LOAD_X_IMMEDIATE, 0), load_length, *table, *total, *verdict)
    return (
        Instruction(LOAD_BYTE, 0),
        Instruction(JUMP_IF_EQUAL, ipv4.WITHOUT_OPTIONS, jump_true=1),
        Instruction(JUMP, len(summing)),
        *summing,
    )


def _judge_sum(versions: frozenset[Version], reach: Reach | None, load_length: Instruction) -> Program:
    """Go on where the sum of the message, in A and X, means a right checksum; else refuse.

    The sum of 32-bit words must be all ones when folded to 16 bits: that is, a multiple of 65535 other than 0.
    """
    message_alone = (Instruction(MODULO, _ONES), Instruction(JUMP_IF_EQUAL, 0, jump_true=1), REFUSE)
    if Version.V3 not in versions:
        return message_alone
    # Version 3 may include the pseudo-header: source, destination, protocol and length of the message.
    group = 0 if reach else int.from_bytes(MULTICAST.group_of(Family.IPV4).packed)
    known = (group >> 16) + (group & _ONES) + PROTOCOL_NUMBER - ipv4.HEADER_LENGTH
    with_pseudo_header = (
        Instruction(LOAD_WORD, ipv4.SOURCE_AT),
        *ADD_WITH_CARRY,
        *((Instruction(LOAD_WORD, ipv4.DESTINATION_AT), *ADD_WITH_CARRY) if reach else ()),
        load_length,
        Instruction(ADD, known),
        *ADD_WITH_CARRY,
        *message_alone,
    )
    only_version_3 = (
        Instruction(LOAD_BYTE, ipv4.HEADER_LENGTH),
        Instruction(JUMP_IF_EQUAL, Version.V3 << 4 | TYPE_ADVERTISEMENT, jump_true=1),
        REFUSE,
    )
    second = (*(only_version_3 if Version.V2 in versions else ()), *with_pseudo_header)
    return (Instruction(MODULO, _ONES), Instruction(JUMP_IF_EQUAL, 0, jump_true=len(second)), *second)
