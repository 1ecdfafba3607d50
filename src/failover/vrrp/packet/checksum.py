"""The Internet checksum over a VRRP message (RFC 1071; what it covers: RFC 9568 §5.2.8, RFC 3768 §5.3.8)."""

from failover.vrrp.protocol import PROTOCOL_NUMBER, Address


def ones_complement_sum(data: bytes) -> int:
    """The 16-bit one's complement sum of `data` in network order, an odd byte padded with zero.

    Adding 16-bit words with end-around carry is addition modulo 65535. There 65536 equals 1, so the sum of the words
    equals all of `data` read as one number, modulo 65535. A result of 0 is written 0xFFFF, unless all bytes are 0.
    """
    number = int.from_bytes(data if len(data) % 2 == 0 else data + b"\0")
    return number and (number % 0xFFFF or 0xFFFF)


def pseudo_header(source: Address, destination: Address, length: int) -> bytes:
    """The pseudo-header for a message of `length` bytes: RFC 8200 §8.1 for IPv6, that of TCP and UDP for IPv4.

    The length field has 32 bits in IPv6 and 16 in IPv4. One layout serves both: the checksum is the same for any
    length that fits a packet.
    """
    return source.packed + destination.packed + length.to_bytes(4) + bytes((0, 0, 0, PROTOCOL_NUMBER))


def checksum(message: bytes, pseudo: bytes = b"") -> int:
    """The value for the checksum field of `message`, whose checksum field is zero."""
    return ones_complement_sum(pseudo + message) ^ 0xFFFF


def verifies(message: bytes, pseudo: bytes = b"") -> bool:
    """Whether the checksum in `message` is right: with it, everything sums to 0xFFFF."""
    return ones_complement_sum(pseudo + message) == 0xFFFF


def extended(value: int, addition: bytes) -> int:
    """The checksum of a message, which was `value`, once `addition` is behind it and counted in the pseudo-header.

    Both have an even number of bytes. Whatever else it covers, such as the destination, is covered still (RFC 1624).
    """
    number = (value ^ 0xFFFF) + int.from_bytes(addition) + len(addition)
    return (number % 0xFFFF or 0xFFFF) ^ 0xFFFF
