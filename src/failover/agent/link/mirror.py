"""The engine's state as the agent knows it from messages; answering from it asks nothing of the engine."""

from typing import assert_never

from failover.linux.confinement import fence
from failover.linux.confinement.fence import Fence
from failover.messages import (
    LAG_BOUNDS,
    Changed,
    Counted,
    DaemonStatus,
    Dropped,
    EngineLag,
    Event,
    Holds,
    Inventory,
    Message,
    Refused,
    ReloadEnded,
    RouterStatus,
    Told,
)


class Mirror:
    """A copy of the engine's state, updated by messages: `api.status_document` renders it."""

    def __init__(self, fenced: Fence = fence.NONE) -> None:
        """`fenced` is what this process itself has given up."""
        self.fence = fenced
        self.daemon: DaemonStatus | None = None
        self.lag: EngineLag | None = None
        self.dropped = 0
        """Messages that the engine could not deliver."""
        self._inventory: list[int] | None = None
        self._routers: dict[int, RouterStatus] = {}
        self._addresses: dict[int, list[str]] = {}

    def update(self, message: Message) -> None:
        """Take in one message."""
        match message:
            case DaemonStatus():
                self.daemon = message
            case EngineLag():
                self.lag = message if _has_our_buckets(message) else None
            case Inventory():
                self._inventory = message.routers
                self._forget_others(frozenset(message.routers))
            case Changed():
                self._routers.update(message.routers)
            case Holds():
                known = self._addresses.setdefault(message.router, [])
                known[message.first :] = message.addresses
            case Counted():
                self._count(message.counts)
            case Dropped():
                self.dropped += message.count
            case Event() | Told() | ReloadEnded() | Refused():
                pass  # what has changed in the status comes in a message of its own
            case _:
                assert_never(message)

    def _forget_others(self, known: frozenset[int]) -> None:
        for gone in (self._routers.keys() | self._addresses.keys()) - known:
            self._routers.pop(gone, None)
            self._addresses.pop(gone, None)

    def _count(self, counts: dict[int, tuple[int, int]]) -> None:
        for number, (sent, received) in counts.items():
            router = self._routers.get(number)
            if router is not None:
                router.counters.advertisements_sent = sent
                router.counters.advertisements_received = received

    @property
    def routers(self) -> list[tuple[RouterStatus, list[str]]] | None:
        """Each virtual router and its addresses, in the order of the configuration; None before all is known."""
        known = self._routers.keys() & self._addresses.keys()
        if self.daemon is None or self._inventory is None or not known >= set(self._inventory):
            return None
        return [(self._routers[number], self._addresses[number]) for number in self._inventory]


def _has_our_buckets(lag: EngineLag) -> bool:
    """Not so where the engine is of another version: an agent is started again from whatever is installed by then."""
    return all(len(one.counts) == len(LAG_BOUNDS) + 1 for one in (lag.since_start, lag.last_minute))
