"""The sockets that speak rtnetlink with the kernel: `Netlink` asks and changes; `open_socket` also makes monitors.

The kernel carries out a request inside the very call that sends it, and makes the rest of a list inside the call
that reads: when a read finds nothing, nothing is to come. So everything here is non-blocking and cannot hang.
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
"""The kernel lists in pieces of at most 32 KiB."""
_FIRST_DUMP: Final = 1 << 31
"""Sequence numbers of dumps; those of batches are far below."""

_KERNEL_PORT: Final = 0
_SO_SNDBUFFORCE: Final = 32
_SO_RCVBUFFORCE: Final = 33
_SOL_NETLINK: Final = 270
_NETLINK_CAP_ACK: Final = 10
_NETLINK_EXT_ACK: Final = 11


_NOTHING: Final = Datagram(batch([nothing()], 0), range(1))


class MessagesLostError(Exception):
    """The receive buffer was full: the kernel dropped messages at this place, and drops all until it is empty."""


def open_socket(groups: int = 0, receive_buffer_bytes: int = RECEIVE_BUFFER_BYTES) -> socket.socket:
    """A non-blocking rtnetlink socket in this thread's network namespace; `groups` is a mask of what to monitor.

    Without CAP_NET_ADMIN the receive buffer is what `net.core.rmem_max` allows.
    """
    opened = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_NONBLOCK, socket.NETLINK_ROUTE)
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
    """One datagram of the kernel's, empty if another process sent it.

    Raises `BlockingIOError` where there is none, and `MessagesLostError`.
    """
    try:
        datagram, (port, _) = netlink.recvfrom(_DATAGRAM_BYTES)
    except OSError as error:
        if error.errno == ENOBUFS:
            raise MessagesLostError from error
        raise
    return datagram if port == _KERNEL_PORT else b""


class ListChangedError(Exception):
    """What was listed has changed meanwhile: some of it may be missing."""


class Netlink:
    """The socket for requests: opened once, used by one thread."""

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
        """Carry out a batch, one write per datagram, and say which addresses failed and why; see `carry_out`."""
        return batch.failures(refused for datagram in batch.datagrams for refused in self.carry_out([datagram])[0])

    def reserve(self, count: int) -> int:
        """The first of so many sequence numbers that no other batch has: those of several may be written together."""
        if self._reserved + count > _FIRST_DUMP:
            self._reserved = 0
        first = self._reserved
        self._reserved += count
        return first

    def carry_out(self, datagrams: Sequence[Datagram]) -> list[list[Refused]]:
        """Carry out all requests of these by one write; the refusals of each. Their numbers must not overlap.

        One failure does not stop the others. Where answers were lost (the receive buffer was full), every request
        without an answer of its own is reported with ENOBUFS: what became of it is not known.
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
        """Go the way of `carry_out` with nothing to be done."""
        self.carry_out([_NOTHING])

    def change(self, request: bytes) -> None:
        """Carry out one request; `OSError` where the kernel refuses."""
        for refused in self.carry_out([Datagram(batch([request], 0), range(1))])[0]:
            raise OSError(refused.errno, refused.text or strerror(refused.errno))

    def dump(self, request: bytes) -> Iterator[Entry]:
        """What a `dump_*` request of `rtnetlink` lists, each taken apart when it is asked for.

        Nothing else may be done with the socket before the end. Raises `OSError` where the kernel refuses, and at the
        end `ListChangedError`.
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
        """All answers that are there, by sequence number, and whether none was lost; that to `last` is the last."""
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
    """Those that concern a datagram; of what succeeds the last request alone is answered."""
    known = {one.sequence: one for one in refused if one.sequence in datagram.sequences}
    if complete:
        return list(known.values())
    return [known.get(n) or Refused(n, ENOBUFS, "") for n in datagram.sequences]


def _enlarge(opened: socket.socket, force: int, modest: int, size: int) -> None:
    try:
        opened.setsockopt(socket.SOL_SOCKET, force, size)
    except PermissionError:
        opened.setsockopt(socket.SOL_SOCKET, modest, size)
