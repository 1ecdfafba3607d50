"""The rtnetlink sockets: `Netlink` for requests and lists; `open_socket` also opens those that follow notifications.

The kernel carries out a request inside the system call that sends it, and continues a list inside the call that reads
it. So when a read finds nothing, nothing more will come: everything here is non-blocking and cannot hang.
"""

import socket
from collections.abc import Iterable, Iterator, Sequence
from errno import EIO, ENOBUFS
from itertools import count
from os import strerror
from types import TracebackType
from typing import Final, Self

from failover.linux.netlink.addresses import Batch, Datagram, Failure
from failover.linux.netlink.codec import Acknowledged, Done, Payload, Refused, batch, frames, nothing, numbered
from failover.linux.netlink.rtnetlink import Entry, entry

RECEIVE_BUFFER_BYTES: Final = 4 << 20
_SEND_BUFFER_BYTES: Final = 1 << 20
_DATAGRAM_BYTES: Final = 1 << 16
"""More than any datagram of the kernel: it sends lists in pieces of at most 32 KiB."""
_FIRST_DUMP: Final = 1 << 31
"""The first sequence number of dumps; those of batches are below."""

_KERNEL_PORT: Final = 0
_SO_SNDBUFFORCE: Final = 32
_SO_RCVBUFFORCE: Final = 33
_SOL_NETLINK: Final = 270
_NETLINK_CAP_ACK: Final = 10
_NETLINK_EXT_ACK: Final = 11


_NOTHING: Final = Datagram(batch([nothing()], 0), range(1))


class MessagesLostError(Exception):
    """The receive buffer was full (ENOBUFS): the kernel dropped messages, and drops all until the buffer is empty."""


def open_socket(
    groups: int = 0, receive_buffer_bytes: int = RECEIVE_BUFFER_BYTES, protocol: int = socket.NETLINK_ROUTE
) -> socket.socket:
    """A non-blocking netlink socket in this thread's network namespace. `OSError` where the kernel refuses.

    `groups` is a bit mask of the multicast groups to follow (`rtnetlink.LINK_GROUP`, ...). Without CAP_NET_ADMIN the
    receive buffer is limited to `net.core.rmem_max`.
    """
    opened = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_NONBLOCK, protocol)
    try:
        _enlarge(opened, _SO_RCVBUFFORCE, socket.SO_RCVBUF, receive_buffer_bytes)
        _enlarge(opened, _SO_SNDBUFFORCE, socket.SO_SNDBUF, _SEND_BUFFER_BYTES)
        opened.setsockopt(_SOL_NETLINK, _NETLINK_CAP_ACK, 1)
        opened.setsockopt(_SOL_NETLINK, _NETLINK_EXT_ACK, 1)
        opened.bind((0, groups))
    except OSError:
        opened.close()
        raise
    return opened


def receive(netlink: socket.socket) -> bytes:
    """One datagram of the kernel; empty where another process sent it.

    Raises `BlockingIOError` where none is waiting, and `MessagesLostError` where the kernel dropped some.
    """
    try:
        datagram, (port, _) = netlink.recvfrom(_DATAGRAM_BYTES)
    except OSError as error:
        if error.errno == ENOBUFS:
            raise MessagesLostError from error
        raise
    return datagram if port == _KERNEL_PORT else b""


class ListChangedError(Exception):
    """Something changed while it was listed: entries may be missing from the list."""


class Netlink:
    """The socket for requests and lists: opened once, used by one thread. `OSError` where it cannot be opened."""

    def __init__(self, receive_buffer_bytes: int = RECEIVE_BUFFER_BYTES) -> None:
        self._socket = open_socket(0, receive_buffer_bytes)
        self._dumps = count(_FIRST_DUMP)
        self._reserved = 0

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def apply(self, batch: Batch) -> tuple[Failure, ...]:
        """Carry out a batch, one write per datagram. Returns which addresses failed and why; see `carry_out`."""
        return batch.failures(refused for datagram in batch.datagrams for refused in self.carry_out([datagram])[0])

    def reserve(self, count: int) -> int:
        """Reserve `count` sequence numbers and return the first, so that several batches can be written together.

        Numbers are used again after 2**31.
        """
        if self._reserved + count > _FIRST_DUMP:
            self._reserved = 0
        first = self._reserved
        self._reserved += count
        return first

    def carry_out(self, datagrams: Sequence[Datagram]) -> list[list[Refused]]:
        """Carry out all requests of these datagrams by one write. Returns the refusals, for each datagram a list.

        The sequence numbers of the datagrams must not overlap. One failure does not stop the others. Where the write
        itself fails, every request is refused with that error. Where answers were lost (the receive buffer was full),
        every request without an answer is reported as refused with ENOBUFS: whether it was done is not known.
        """
        try:
            self._socket.send(b"".join(datagram.content for datagram in datagrams))
        except OSError as error:
            number = error.errno or EIO
            return [[Refused(sequence, number, "") for sequence in one.sequences] for one in datagrams]
        answers, complete = self._answers(datagrams[-1].sequences[-1])
        refused = [one for one in answers.values() if isinstance(one, Refused)]
        return [
            _refusals(datagram, refused, complete=complete and datagram.sequences[-1] in answers)
            for datagram in datagrams
        ]

    def prewarm(self) -> None:
        """Do a `carry_out` that changes nothing, so that its code and memory are in the caches for the next one."""
        self.carry_out([_NOTHING])

    def change(self, request: bytes) -> None:
        """Carry out one request. Raises `OSError` where the kernel refuses it."""
        for refused in self.carry_out([Datagram(batch([request], 0), range(1))])[0]:
            raise OSError(refused.errno, refused.text or strerror(refused.errno))

    def dump(self, request: bytes) -> Iterator[Entry]:
        """The entries that a `dump_*` request of `rtnetlink` lists, read and decoded one by one as they are asked for.

        Nothing else may be done with this socket before the end of the list. Raises `OSError` where the kernel refuses,
        and at the end `ListChangedError` where something changed meanwhile.
        """
        sequence = next(self._dumps)
        self._socket.send(numbered([request], sequence)[0])
        interrupted, is_over = False, False
        while not is_over:
            for frame in frames(receive(self._socket)):
                if frame.sequence != sequence:
                    continue
                if isinstance(frame, Done | Refused):
                    if frame.errno:
                        raise OSError(frame.errno, f"netlink dump: {strerror(frame.errno)}")
                    is_over = True
                if isinstance(frame, Payload | Done):
                    interrupted = interrupted or frame.interrupted
                if isinstance(frame, Payload) and (found := entry(frame)) is not None:
                    yield found
        if interrupted:
            raise ListChangedError

    def _answers(self, last: int) -> tuple[dict[int, Acknowledged | Refused], bool]:
        """All waiting answers, by sequence number, up to the one to request `last`; and whether none was lost."""
        answers: dict[int, Acknowledged | Refused] = {}
        complete = True
        while last not in answers:
            try:
                datagram = receive(self._socket)
            except BlockingIOError:
                break
            except MessagesLostError:
                complete = False
                continue
            answers.update((one.sequence, one) for one in frames(datagram) if isinstance(one, Acknowledged | Refused))
        return answers, complete


def _refusals(datagram: Datagram, refused: Iterable[Refused], *, complete: bool) -> list[Refused]:
    """The refusals of one datagram's requests.

    Where answers are missing (not `complete`), every request without one counts as refused with ENOBUFS.
    """
    known = {one.sequence: one for one in refused if one.sequence in datagram.sequences}
    if complete:
        return list(known.values())
    return [known.get(n) or Refused(n, ENOBUFS, "") for n in datagram.sequences]


def _enlarge(opened: socket.socket, force: int, modest: int, size: int) -> None:
    """Set a buffer's size in bytes: by the option `force`, or without CAP_NET_ADMIN by `modest`, within the limit."""
    try:
        opened.setsockopt(socket.SOL_SOCKET, force, size)
    except PermissionError:
        opened.setsockopt(socket.SOL_SOCKET, modest, size)
