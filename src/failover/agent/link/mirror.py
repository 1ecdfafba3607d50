"""The engine's state as the agent knows it from messages; answering from it asks nothing of the engine."""

from datetime import UTC, datetime
from typing import Any

import msgspec

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
    Lag,
    Message,
    Refused,
    ReloadEnded,
    RouterStatus,
    SendError,
    Told,
)

_NANOSECONDS = 1_000_000_000


class Mirror:
    """What `status` answers from."""

    def __init__(self) -> None:
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
                pass  # the status after it comes in a message of its own

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

    def status(self, at: int) -> dict[str, Any] | None:
        """The document of `GET /status` at wall-clock time `at` (ns); None before the engine has said everything."""
        daemon, inventory = self.daemon, self._inventory
        known = self._routers.keys() & self._addresses.keys()
        if daemon is None or inventory is None or not known >= set(inventory):
            return None
        return {
            "daemon": {
                "version": daemon.version,
                "pid": daemon.pid,
                "uptime_seconds": round((at - daemon.started_at) / _NANOSECONDS, 3),
                "realtime": msgspec.to_builtins(daemon.realtime),
                "engine_lag_seconds": _engine_lag(self.lag) if self.lag else None,
                "warnings": daemon.warnings,
            },
            "virtual_routers": [_router(self._routers[number], self._addresses[number]) for number in inventory],
        }


def _engine_lag(lag: EngineLag) -> dict[str, Any]:
    return {**_lag(lag.since_start), "last_minute": _lag(lag.last_minute)}


def _has_our_buckets(lag: EngineLag) -> bool:
    """Not so where the engine is of another version: an agent is started again from whatever is installed by then."""
    return all(len(one.counts) == len(LAG_BOUNDS) + 1 for one in (lag.since_start, lag.last_minute))


def _lag(lag: Lag) -> dict[str, Any]:
    bounds = [*(bound / _NANOSECONDS for bound in LAG_BOUNDS), None]
    buckets = [{"up_to": bound, "count": count} for bound, count in zip(bounds, lag.counts, strict=True)]
    return {"max": lag.max / _NANOSECONDS, "histogram": buckets}


def _router(router: RouterStatus, addresses: list[str]) -> dict[str, Any]:
    return {
        "name": router.name,
        "family": router.family,
        "vrid": router.vrid,
        "interface": router.interface,
        "version": router.version,
        "state": router.state,
        "since": timestamp(router.since),
        "fault": {"reason": router.fault.reason, "detail": router.fault.detail} if router.fault else None,
        "priority": {"configured": router.configured_priority, "effective": router.effective_priority},
        "master": router.master,
        "advertisement_interval_seconds": router.advertisement_interval / _NANOSECONDS,
        "master_down_interval_seconds": router.master_down_interval / _NANOSECONDS,
        "addresses": addresses,
        "virtual_mac": None,
        "send_error": _send_error(router.send_error) if router.send_error else None,
        "counters": {
            "advertisements_sent": router.counters.advertisements_sent,
            "advertisements_received": router.counters.advertisements_received,
            "priority_zero_sent": router.counters.priority_zero_sent,
            "priority_zero_received": router.counters.priority_zero_received,
            "transitions_to_master": router.counters.transitions_to_master,
            "send_errors": router.counters.send_errors,
            "discarded": router.counters.discarded,
            "oddities": router.counters.oddities,
        },
    }


def _send_error(error: SendError) -> dict[str, Any]:
    return {"what": error.what, "error": error.error, "count": error.count, "at": timestamp(error.at)}


def timestamp(at: int) -> str:
    """RFC 3339 in UTC with milliseconds."""
    whole, rest = divmod(at, _NANOSECONDS)
    return f"{datetime.fromtimestamp(whole, UTC):%Y-%m-%dT%H:%M:%S}.{rest // 1_000_000:03d}Z"
