"""Any bytes on a netlink socket end in frames and entries, or in nothing, and nothing raises or runs for ever.

What is read of them can be used: the table of interfaces takes every entry and stays consistent, whether a virtual
router can run on an interface has an answer, a refusal and the end of a list can be told, and an address that was read
and is written again is read as the same.
"""

import struct
from collections.abc import Iterator
from contextlib import closing
from ipaddress import ip_interface
from typing import Final

from failover.linux.interfaces.readiness import fault
from failover.linux.interfaces.table import Table
from failover.linux.netlink.addresses import prepare_add, prepare_remove
from failover.linux.netlink.codec import Done, Payload, Refused, batch, frames, numbered, request
from failover.linux.netlink.connection import open_socket, receive
from failover.linux.netlink.requests import add_address, dump_addresses, dump_links
from failover.linux.netlink.rtnetlink import AddressAdded, parse
from failover.vrrp import Family

WORDS: Final = ()

_GET_LINK: Final = 18
_NO_INTERFACE: Final = 2**31 - 1
_LINK: Final = struct.Struct("=BxHiII")
_HEADER_BYTES: Final = 16
_NUMBER: Final = 1
_A_REQUEST: Final = prepare_add(1, [ip_interface("192.0.2.1/24")], _NUMBER)


def seeds() -> Iterator[bytes]:
    """What this host's kernel answers to a list, to a question it refuses and to one it grants, and what we send."""
    addresses = [ip_interface(text) for text in ("192.0.2.1/24", "192.0.2.2/32", "2001:db8::1/64")]
    for batch_of in (prepare_add, prepare_remove):
        yield from (datagram.content for datagram in batch_of(1, addresses).datagrams)
    unknown = request(_GET_LINK, 0, _LINK.pack(0, 0, _NO_INTERFACE, 0, 0))
    for question in (dump_links(), dump_addresses(), unknown, batch([request(1, 0, b"")], _NUMBER)):
        answers = list(_answers(numbered([question], _NUMBER)[0]))
        yield from answers
        yield b"".join(answers)


def one(data: bytes) -> None:
    """Read it, and use what was read."""
    found = list(frames(data))
    assert sum(len(frame.body) + _HEADER_BYTES for frame in found if isinstance(frame, Payload)) <= len(data)
    for frame in found:
        if isinstance(frame, Refused):
            _tell_refused(frame)
        elif isinstance(frame, Done):
            assert str(OSError(frame.errno, "netlink dump"))
    _follow(data)


def _tell_refused(refused: Refused) -> None:
    ours = Refused(_NUMBER, refused.errno, refused.text)
    for failure in _A_REQUEST.failures([ours]):
        assert str(failure)


def _follow(datagram: bytes) -> None:
    table = Table()
    for entry in parse(datagram):
        table.apply(entry)
        known = table.by_index(entry.ifindex)
        if isinstance(entry, AddressAdded):
            again = parse(add_address(entry.ifindex, entry.assigned.address))
            assert [one.assigned.address for one in again if isinstance(one, AddressAdded)] == [entry.assigned.address]
            assert known is None or entry.assigned in known.addresses
    for ifindex in table.indices():
        before = table.by_index(ifindex)
        table.was_listed(ifindex)
        interface = table.by_index(ifindex)
        assert before is not None
        assert interface is not None
        assert interface.ifindex == ifindex
        assert set(interface.addresses) == set(before.addresses)
        named = table.get(interface.name)
        assert named is None or named.name == interface.name
        for family in Family:
            found = fault(interface.name, interface, family, frozenset())
            assert found is None or found.detail


def _answers(question: bytes) -> Iterator[bytes]:
    """The kernel answers inside the call that asks: when a read finds nothing, nothing is to come."""
    with closing(open_socket()) as asking:
        asking.send(question)
        while True:
            try:
                yield receive(asking)
            except BlockingIOError:
                return
