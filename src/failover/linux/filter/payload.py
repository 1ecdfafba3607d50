"""Loads from the payload of an IP packet, wherever the header of its family ends."""

from failover.linux.filter.bpf import (
    LOAD_BYTE,
    LOAD_BYTE_INDEXED,
    LOAD_HALF,
    LOAD_HALF_INDEXED,
    LOAD_HEADER_LENGTH,
    Instruction,
    Program,
)
from failover.vrrp.protocol import Family


def load_byte(family: Family, offset: int) -> Program:
    """Load the byte at `offset` of the IP payload to A. Over IPv4 this also loads the IP header's length to X."""
    if family is Family.IPV4:
        return Instruction(LOAD_HEADER_LENGTH, 0), Instruction(LOAD_BYTE_INDEXED, offset)
    return (Instruction(LOAD_BYTE, offset),)


def load_half(family: Family, offset: int) -> Program:
    """Load two bytes at `offset` of the IP payload to A. Over IPv4 this also loads the IP header's length to X."""
    if family is Family.IPV4:
        return Instruction(LOAD_HEADER_LENGTH, 0), Instruction(LOAD_HALF_INDEXED, offset)
    return (Instruction(LOAD_HALF, offset),)
