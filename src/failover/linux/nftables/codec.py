"""Encodes the messages of nf_tables: tables, chains, sets, rules, and transactions of them; pure.

See `linux/netfilter/nf_tables.h` and `nfnetlink.h`. Every message has a netlink header (`linux.netlink.codec`) and
`struct nfgenmsg`: family (1 byte), version (1), resource (2). Integers in attributes are in network byte order.
A transaction is carried out whole or not at all.
"""

import struct
from collections.abc import Sequence
from enum import IntEnum
from sys import byteorder
from typing import Final, NamedTuple

from failover.linux.netlink.codec import CREATE, attribute, numbered, request

_SUBSYSTEM: Final = 10
"""NFNL_SUBSYS_NFTABLES."""
_BATCH_BEGIN: Final = 0x10
_BATCH_END: Final = 0x11
_NEW_TABLE: Final = 0
_NEW_CHAIN: Final = 3
_NEW_RULE: Final = 6
_NEW_SET: Final = 9
_NEW_ELEMENTS: Final = 12
_DELETE_ELEMENTS: Final = 14
_ACKNOWLEDGE: Final = 0x4
_APPEND: Final = 0x800

_OWNED: Final = 0x2
"""NFT_TABLE_F_OWNER, since Linux 5.12: nobody else may change the table, and it goes with the socket that made it."""
_ELEMENTS_AT_ONCE: Final = 1000
"""An attribute has at most 65,535 bytes; an element takes 44 at most."""
_GENERIC: Final = struct.Struct("!BBH")
LIST_ELEMENT: Final = 1


class TableFamily(IntEnum):
    """NFPROTO_*: which packets the chains of a table see."""

    INET = 1
    """IPv4 and IPv6."""
    ARP = 3


class Hook(IntEnum):
    """Where in the way of an IP packet a chain is."""

    PREROUTING = 0
    INPUT = 1
    OUTPUT = 3


ARP_INPUT: Final = 0
ARP_OUTPUT: Final = 1
"""The hooks of ARP."""


class Table(NamedTuple):
    """A table by its name, which is its own in its family."""

    family: TableFamily
    name: str


class KeyType(NamedTuple):
    """What the elements of a set are: the number by which `nft` knows how to show them, and their size in bytes."""

    number: int
    size: int


IPV4_ADDRESS: Final = KeyType(7, 4)
IPV6_ADDRESS: Final = KeyType(8, 16)
INTERFACE: Final = KeyType(41, 16)
"""The name of an interface, filled up with zeros."""
INTERFACE_AND_IPV4_ADDRESS: Final = KeyType(41 << 6 | 7, 20)
INTERFACE_AND_IPV6_ADDRESS: Final = KeyType(41 << 6 | 8, 32)
"""The name of an interface, filled up with zeros, and then an address."""
_NAME_SIZE: Final = 16
_IS_MAP: Final = 0x8


def u32(value: int) -> bytes:
    """A number as attributes have it."""
    return value.to_bytes(4)


def text(value: str) -> bytes:
    """A name as attributes have it."""
    return value.encode() + b"\0"


def new_table(table: Table) -> bytes:
    """The request for a table that belongs to the socket which sends it."""
    return _message(_NEW_TABLE, CREATE, table, attribute(1, text(table.name)) + attribute(2, u32(_OWNED)))


def new_chain(table: Table, name: str, hook: int, priority: int) -> bytes:
    """The request for a chain that sees all packets at a hook, and accepts what no rule of it drops."""
    where = attribute(4, attribute(1, u32(hook)) + attribute(2, priority.to_bytes(4, signed=True)))
    body = attribute(1, text(table.name)) + attribute(3, text(name)) + where + attribute(7, text("filter"))
    return _message(_NEW_CHAIN, CREATE, table, body)


def new_set(table: Table, name: str, key: KeyType, number: int) -> bytes:
    """The request for an empty set; `number` is its own in the transaction."""
    return _new_set(table, (text(name), u32(0), *map(u32, key)), key, number)


def new_map(table: Table, name: str, key: KeyType, value: KeyType, number: int) -> bytes:
    """The request for an empty map from keys to values; `number` as for `new_set`."""
    return _new_set(table, (text(name), u32(_IS_MAP), *map(u32, key), *map(u32, value)), key, number)


def interface(name: str) -> bytes:
    """A name as the kernel compares it."""
    return name.encode().ljust(_NAME_SIZE, b"\0")


def flush(table: Table, name: str) -> bytes:
    """The request that empties a set or map."""
    return _message(_DELETE_ELEMENTS, 0, table, attribute(1, text(table.name)) + attribute(2, text(name)))


def add_pairs(table: Table, name: str, pairs: Sequence[tuple[bytes, bytes]]) -> list[bytes]:
    """The requests that add keys and their values to a map."""
    encoded = [attribute(1, attribute(1, key)) + attribute(2, attribute(1, value)) for key, value in pairs]
    return _listed(_NEW_ELEMENTS, CREATE, table, name, encoded)


def add_elements(table: Table, name: str, elements: Sequence[bytes]) -> list[bytes]:
    """The requests that add elements to a set, each of the size of its keys; one that is there stays."""
    return _elements(_NEW_ELEMENTS, CREATE, table, name, elements)


def delete_elements(table: Table, name: str, elements: Sequence[bytes]) -> list[bytes]:
    """The requests that delete elements of a set, which must be there."""
    return _elements(_DELETE_ELEMENTS, 0, table, name, elements)


def new_rule(table: Table, chain: str, *expressions: bytes) -> bytes:
    """The request for a rule after the others of a chain; `expressions` makes its parts."""
    body = attribute(1, text(table.name)) + attribute(2, text(chain)) + attribute(4, b"".join(expressions))
    return _message(_NEW_RULE, CREATE | _APPEND, table, body)


def transaction(requests: Sequence[bytes]) -> bytes:
    """The requests as one transaction, numbered from 1 on; the last one asks for an acknowledgement."""
    *others, last = requests
    asking = last[:6] + (int.from_bytes(last[6:8], byteorder) | _ACKNOWLEDGE).to_bytes(2, byteorder) + last[8:]
    begin, end = (request(kind, 0, _GENERIC.pack(0, 0, _SUBSYSTEM)) for kind in (_BATCH_BEGIN, _BATCH_END))
    return b"".join(numbered([begin, *others, asking, end], 0))


def _elements(kind: int, flags: int, table: Table, name: str, elements: Sequence[bytes]) -> list[bytes]:
    return _listed(kind, flags, table, name, [attribute(1, attribute(1, one)) for one in elements])


def _listed(kind: int, flags: int, table: Table, name: str, elements: Sequence[bytes]) -> list[bytes]:
    of = attribute(1, text(table.name)) + attribute(2, text(name))
    encoded = [attribute(LIST_ELEMENT, one) for one in elements]
    return [
        _message(kind, flags, table, of + attribute(3, b"".join(encoded[at : at + _ELEMENTS_AT_ONCE])))
        for at in range(0, len(encoded), _ELEMENTS_AT_ONCE)
    ]


def _new_set(table: Table, parts: Sequence[bytes], key: KeyType, number: int) -> bytes:
    body = b"".join(attribute(kind, part) for kind, part in enumerate((text(table.name), *parts), 1))
    # So that `nft` shows names, which are in host byte order for it (NFTNL_UDATA_SET_KEYBYTEORDER).
    shown = attribute(13, b"\0\4" + (1).to_bytes(4, byteorder)) if key is INTERFACE else b""
    return _message(_NEW_SET, CREATE, table, body + attribute(10, u32(number)) + shown)


def _message(kind: int, flags: int, table: Table, body: bytes) -> bytes:
    return request(_SUBSYSTEM << 8 | kind, flags, _GENERIC.pack(table.family, 0, 0) + body)
