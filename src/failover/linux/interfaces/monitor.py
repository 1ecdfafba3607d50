"""The interfaces of this host and their addresses: listed once, then followed by the kernel's notifications.

Whether a virtual router can run on an interface is decided in `readiness`.
"""

from collections.abc import Iterator
from errno import EAGAIN
from itertools import chain
from typing import Final

from failover.linux.interfaces.table import Interface, Table
from failover.linux.netlink.connection import (
    RECEIVE_BUFFER_BYTES,
    ListChangedError,
    MessagesLostError,
    Netlink,
    open_socket,
    receive,
)
from failover.linux.netlink.rtnetlink import ADDRESS_GROUPS, LINK_GROUP, dump_addresses, dump_links, parse

_READ_LIMIT: Final = 64
"""Notifications or entries of a list taken in one `read()`, half a millisecond's work: neither a storm nor a list may
keep the caller from its timers."""
_LISTED_LIMIT: Final = 16
"""Interfaces looked over in one."""
_LIST_ATTEMPTS: Final = 20


class Interfaces:
    """The interfaces of the network namespace in which this was made."""

    def __init__(self, receive_buffer_bytes: int = RECEIVE_BUFFER_BYTES) -> None:
        """Lists all there is; `OSError` where it cannot."""
        self._table = Table()
        self._is_lost = False
        """Whether there must be a list."""
        self._listing: Iterator[None] | None = None
        self._overlooks = False
        self._monitor = open_socket(LINK_GROUP | ADDRESS_GROUPS, receive_buffer_bytes)
        try:
            # A socket that has listed a part of something can be used for nothing else.
            self._netlink = Netlink()
        except OSError:
            self._monitor.close()
            raise
        try:
            for _ in self._list():
                pass
        except OSError:
            self.close()
            raise

    def close(self) -> None:
        """Close the sockets."""
        self._monitor.close()
        self._netlink.close()

    def fileno(self) -> int:
        """The descriptor that is readable when the kernel has said something."""
        return self._monitor.fileno()

    def get(self, name: str) -> Interface | None:
        """The interface that bears this name now: the same object as before where it has not changed."""
        return self._table.get(name)

    def by_index(self, ifindex: int) -> Interface | None:
        """The interface with this index, which it keeps when it is renamed."""
        return self._table.by_index(ifindex)

    def __iter__(self) -> Iterator[Interface]:
        """All of them, by index."""
        found = map(self._table.by_index, self._table.indices())
        return (interface for interface in found if interface is not None)

    # --- following

    @property
    def is_outdated(self) -> bool:
        """Whether more than the next notification is known to be missing: `read()` until it is not."""
        return self._is_lost or self._overlooks or self._listing is not None

    def read(self) -> bool:
        """Take in some of what the kernel has said, or of a list where notifications were lost; never waits.

        Whether there may be more. Raises `OSError` where listing fails; the next call lists again.
        """
        if self._is_lost and self._listing is None:
            self._drain()
            self._is_lost, self._listing = False, self._list()
        if self._listing is not None:
            try:
                next(self._listing)
            except StopIteration:
                self._listing = None
            except OSError:
                self._is_lost, self._listing = True, None
                raise
            else:
                return True
        return self._follow() or self._is_lost

    def overlook_addresses(self) -> None:
        """Follow no addresses until `catch_up`.

        To tell us of 500 that we add costs the kernel 0.4 of 3.6 ms, and to read it one by one costs us 4 ms.
        """
        if not self._overlooks:
            self._subscribe(LINK_GROUP)
            self._overlooks = True

    def catch_up(self) -> None:
        """Follow addresses again: `read()` begins with a list."""
        if self._overlooks:
            self._subscribe(LINK_GROUP | ADDRESS_GROUPS)
            self._overlooks, self._is_lost = False, True

    def _subscribe(self, groups: int) -> None:
        port, _ = self._monitor.getsockname()
        self._monitor.bind((port, groups))

    def _follow(self) -> bool:
        """Apply notifications; whether there may be more."""
        for _ in range(_READ_LIMIT):
            try:
                datagram = receive(self._monitor)
            except BlockingIOError:
                return False
            except MessagesLostError:
                self._is_lost = True
                return False
            for entry in parse(datagram):
                self._table.apply(entry)
        return True

    def _drain(self) -> None:
        """Drop what is older than the list to come; nothing new is queued before all of it is gone."""
        while True:
            try:
                receive(self._monitor)
            except BlockingIOError:
                return
            except MessagesLostError:
                continue

    # --- listing

    def _list(self) -> Iterator[None]:
        """Replace the table, in steps; what is told meanwhile waits, and repeats at worst what the list says."""
        for _ in range(_LIST_ATTEMPTS):
            table = Table()
            try:
                yield from self._fill(table)
            except ListChangedError:
                continue
            self._table = table
            return
        raise OSError(EAGAIN, f"netlink dump: interrupted by changes {_LIST_ATTEMPTS} times in a row")

    def _fill(self, table: Table) -> Iterator[None]:
        entries = chain(self._netlink.dump(dump_links()), self._netlink.dump(dump_addresses()))
        for number, entry in enumerate(entries, 1):
            table.apply(entry)
            if number % _READ_LIMIT == 0:
                yield
        for number, ifindex in enumerate(table.indices(), 1):
            table.was_listed(ifindex)
            table.resemble(self._table, ifindex)
            if number % _LISTED_LIMIT == 0:
                yield
