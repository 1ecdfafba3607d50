"""Announcements that wait to be sent: in whole rounds, interface by interface as its transmit queue has room."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from errno import EAGAIN
from os import strerror
from typing import Final

from failover.engine.port.port import Port
from failover.linux.sockets.outbox import Packets
from failover.vrrp import Instant, seconds

GIVEN_UP_AFTER: Final = seconds(1)
"""A queue that stays full for so long belongs to an interface that sends nothing."""


@dataclass(slots=True, eq=False)
class Announcement:
    """Frames to be sent, so many rounds of them."""

    of: object
    """The one who asked for them: `silence` knows them by it."""
    port: Port
    frames: Packets
    rounds: int
    done: Callable[[OSError | None], None]
    next_frame: int = 0


class AnnouncementQueue:
    """The announcements of an engine that are still to be sent."""

    def __init__(self, now: Callable[[], Instant]) -> None:
        self._now = now
        self.waiting: deque[Announcement] = deque()
        """In the order in which they are sent."""
        self._full_since: dict[Port, Instant] = {}
        self._has_no_room: set[Port] = set()
        """The interfaces whose transmit queue was found full since `look_for_room`."""

    @property
    def has_room(self) -> bool:
        """Whether some announcement may be sent now."""
        return any(one.port not in self._has_no_room for one in self.waiting)

    def add(self, announcement: Announcement) -> None:
        """Send this announcement too, after the others."""
        self.waiting.append(announcement)

    def silence(self, of: object) -> None:
        """Send nothing more of what `of` has asked for."""
        self.waiting = deque(one for one in self.waiting if one.of is not of)

    def clear(self) -> None:
        """Send none of what waits."""
        self.waiting.clear()

    def look_for_room(self) -> None:
        """Try all interfaces again."""
        self._has_no_room.clear()

    def send_some(self) -> None:
        """Send some frames of the first announcement whose interface may have room."""
        first = next(one for one in self.waiting if one.port not in self._has_no_room)
        try:
            sent = first.port.announce(first.frames, first.next_frame)
        except OSError as error:
            self.waiting.remove(first)
            first.done(error)
            return
        if sent == 0:
            self._found_full(first.port)
            return
        self._full_since.pop(first.port, None)
        first.next_frame += sent
        if first.next_frame == len(first.frames):
            self._end_round(first)

    def _end_round(self, announcement: Announcement) -> None:
        self.waiting.remove(announcement)
        announcement.rounds, announcement.next_frame = announcement.rounds - 1, 0
        if announcement.rounds:
            self.waiting.append(announcement)  # whole rounds, of everything that is to be announced
        else:
            announcement.done(None)

    def _found_full(self, port: Port) -> None:
        self._has_no_room.add(port)
        if self._now() - self._full_since.setdefault(port, self._now()) < GIVEN_UP_AFTER:
            return
        del self._full_since[port]
        lost = [one for one in self.waiting if one.port is port]
        self.waiting = deque(one for one in self.waiting if one.port is not port)
        for one in lost:
            one.done(OSError(EAGAIN, strerror(EAGAIN)))
