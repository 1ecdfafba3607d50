"""Follows the interfaces of this host and their addresses: a list at first, then the kernel's notifications.

Where notifications were lost, or were not wanted for a while, everything is listed again. Whether a virtual router can
run on an interface is decided in `readiness`.
"""

from collections.abc import Iterator
from errno import EAGAIN
from itertools import chain
from typing import Final

from failover.linux.interfaces import naming
from failover.linux.interfaces.table import Interface, Table
from failover.linux.netlink.connection import (
    RECEIVE_BUFFER_BYTES,
    ListChangedError,
    MessagesLostError,
    Netlink,
    open_socket,
    receive,
)
from failover.linux.netlink.requests import dump_addresses, dump_links
from failover.linux.netlink.rtnetlink import ADDRESS_GROUPS, LINK_GROUP, SETTINGS_GROUPS, parse

_ALWAYS: Final = LINK_GROUP | SETTINGS_GROUPS
"""The groups that are followed at all times."""
_READ_LIMIT: Final = 64
"""How many notifications, or entries of a list, one `read()` takes: half a millisecond's work. Neither a storm of
notifications nor a long list may delay the caller's timers."""
_LISTED_LIMIT: Final = 16
"""How many interfaces one `read()` finishes after a list: sorts their addresses and compares them with before."""
_LIST_ATTEMPTS: Final = 20


class Interfaces:
    """The interfaces of the network namespace in which this was made. Iterating gives all of them, by index."""

    def __init__(self, receive_buffer_bytes: int = RECEIVE_BUFFER_BYTES) -> None:
        """List all interfaces and addresses; `OSError` where that fails."""
        self._table = Table()
        self._is_lost = False
        """Whether notifications are missing, so that everything must be listed."""
        self._listing: Iterator[None] | None = None
        """The list in progress, step by step."""
        self._overlooks = False
        """Whether addresses are not followed now (`overlook_addresses`)."""
        self._monitor = open_socket(_ALWAYS | ADDRESS_GROUPS, receive_buffer_bytes)
        try:
            # Lists need a socket of their own: until a list is complete, nothing else can be done with it.
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
        """The interface that has this name now, or None. The same object as before where it has not changed."""
        return self._table.get(name)

    def meant(self, name: str) -> str | None:
        """What a name stands for that no interface has; see `naming`."""
        return naming.meant(name, self)

    def by_index(self, ifindex: int) -> Interface | None:
        """The interface with this index, None where there is none. An interface keeps its index when it is renamed."""
        return self._table.by_index(ifindex)

    def __iter__(self) -> Iterator[Interface]:
        """All interfaces, in the order of their indices."""
        found = map(self._table.by_index, self._table.indices())
        return (interface for interface in found if interface is not None)

    # --- following

    @property
    def is_outdated(self) -> bool:
        """Whether the table is known to be incomplete or old: call `read()` until this is False."""
        return self._is_lost or self._overlooks or self._listing is not None

    def read(self) -> bool:
        """Apply some of the kernel's notifications, or do a part of a list where some were lost. Never waits.

        Returns whether there may be more to read. Raises `OSError` where listing fails; the next call lists again.
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
        """Do not follow addresses until `catch_up`: for the time in which we change many of them ourselves.

        For 500 addresses that we add, the notifications would cost the kernel 0.4 of 3.6 ms, and us 4 ms to read.
        """
        if not self._overlooks:
            self._subscribe(_ALWAYS)
            self._overlooks = True

    def catch_up(self) -> None:
        """Follow addresses again; `read()` then begins with a list."""
        if self._overlooks:
            self._subscribe(_ALWAYS | ADDRESS_GROUPS)
            self._overlooks, self._is_lost = False, True

    def _subscribe(self, groups: int) -> None:
        port, _ = self._monitor.getsockname()
        self._monitor.bind((port, groups))

    def _follow(self) -> bool:
        """Apply up to `_READ_LIMIT` notifications. Returns whether there may be more."""
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
        """Drop the notifications that are older than the list to come.

        After an overflow the kernel queues nothing before the socket is empty, so this comes to an end.
        """
        while True:
            try:
                receive(self._monitor)
            except BlockingIOError:
                return
            except MessagesLostError:
                continue

    # --- listing

    def _list(self) -> Iterator[None]:
        """Replace the table by a list, in steps; begin again where the kernel says that something changed meanwhile.

        Notifications that come meanwhile are applied afterwards: at worst they say again what the list said.
        """
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
