"""The filter of a packet socket that waits for claims: whoever says that an address is at a MAC address.

These are ARP messages from the address, asked for or not, and Neighbour Advertisements for it. Frames begin with their
Ethernet header here.
"""

from collections.abc import Sequence
from typing import Final

from failover.frames import arp, ethernet, ipv6, neighbour
from failover.linux.filter.bpf import (
    ACCEPT,
    JUMP_IF_EQUAL,
    LOAD_BYTE,
    LOAD_HALF,
    LOAD_WORD,
    REFUSE,
    Instruction,
    Program,
    demand,
)
from failover.vrrp.protocol import HOP_LIMIT, Address, Family

MOST: Final = 32
"""Addresses that one program may wait for."""
MESSAGE_AT: Final = ethernet.HEADER_LENGTH + ipv6.HEADER_LENGTH
"""Where in a frame a Neighbour Advertisement begins."""
SENDER_AT: Final = ethernet.HEADER_LENGTH + arp.SENDER_AT
"""Where in a frame the address is that an ARP message comes from."""


def program(family: Family, addresses: Sequence[Address], mac: bytes) -> Program:
    """Claims for one of the addresses, at most `MOST` and all of one family, in frames that do not come from `mac`."""
    if family is Family.IPV4:
        return (
            *refuse_sender(mac),
            *demand(ethernet.HEADER_LENGTH + arp.PROTOCOL_AT, arp.PROTOCOL_AND_LENGTHS),
            *_accept_any(SENDER_AT, addresses),
            REFUSE,
        )
    return (
        *refuse_sender(mac),
        *_demand_byte(ethernet.HEADER_LENGTH + ipv6.NEXT_HEADER_AT, neighbour.NEXT_HEADER_ICMPV6),
        # One that has passed a router may come from anywhere (RFC 4861 §7.1.2).
        *_demand_byte(ethernet.HEADER_LENGTH + ipv6.HOP_LIMIT_AT, HOP_LIMIT),
        *_demand_byte(MESSAGE_AT, neighbour.TYPE_ADVERTISEMENT),
        *_accept_any(MESSAGE_AT + neighbour.TARGET_AT, addresses),
        REFUSE,
    )


def refuse_sender(mac: bytes) -> Program:
    """Refuse frames that come from `mac`. Changes A."""
    return (
        Instruction(LOAD_WORD, ethernet.MAC_LENGTH),
        Instruction(JUMP_IF_EQUAL, int.from_bytes(mac[:4]), jump_false=3),
        Instruction(LOAD_HALF, ethernet.MAC_LENGTH + 4),
        Instruction(JUMP_IF_EQUAL, int.from_bytes(mac[4:]), jump_false=1),
        REFUSE,
    )


def _demand_byte(offset: int, expected: int) -> Program:
    return Instruction(LOAD_BYTE, offset), Instruction(JUMP_IF_EQUAL, expected, jump_true=1), REFUSE


def _accept_any(offset: int, addresses: Sequence[Address]) -> Program:
    """Accept a frame that has one of the addresses at `offset`. Changes A."""
    return tuple(instruction for address in addresses for instruction in accept(offset, address.packed))


def accept(offset: int, expected: bytes) -> Program:
    """Accept a frame that has `expected`, a multiple of 4 bytes, at `offset`. Changes A."""
    starts = range(len(expected) - 4, -1, -4)  # the last word first: that is where addresses of a subnet differ
    return (
        *(
            instruction
            for start in starts
            for instruction in (
                Instruction(LOAD_WORD, offset + start),
                Instruction(
                    JUMP_IF_EQUAL, int.from_bytes(expected[start : start + 4]), jump_false=start // 2 + 1
                ),  # over what is left of this address
            )
        ),
        ACCEPT,
    )
