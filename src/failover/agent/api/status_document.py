"""The document of `GET /status`, as JSON has it: made from what the mirror knows. docs/reference/status.md lists it."""

from typing import Any, Final

import msgspec

from failover.agent.link.freshness import Liveness
from failover.agent.link.mirror import Mirror
from failover.agent.timestamp import timestamp
from failover.messages import LAG_BOUNDS, EngineLag, Lag, LastReload, Problem, RouterStatus, SendError, TrackStatus

_NANOSECONDS: Final = 1_000_000_000


_NOT_ASKED: Final = Liveness()


def status_document(mirror: Mirror, at: int, liveness: Liveness = _NOT_ASKED) -> dict[str, Any] | None:
    """The document at wall-clock time `at` (ns); None before the engine has said everything.

    `liveness` tells whether it is what the engine says now, or what it said last.
    """
    daemon, routers = mirror.daemon, mirror.routers
    if daemon is None or routers is None:
        return None
    return {
        "daemon": {
            "version": daemon.version,
            "pid": daemon.pid,
            "uptime_seconds": round((at - daemon.started_at) / _NANOSECONDS, 3),
            "engine": engine_document(liveness),
            "realtime": msgspec.to_builtins(daemon.realtime),
            "engine_lag_seconds": _engine_lag(mirror.lag) if mirror.lag else None,
            "agent": {
                "user": mirror.fence.user,
                "landlock": mirror.fence.landlock,
                "system_call_filter": mirror.fence.filters_system_calls,
            },
            "warnings": [*daemon.warnings, *mirror.fence.warnings],
            "configuration_file": daemon.configuration_file,
            "configuration_digest": daemon.configuration_digest,
            "last_reload": _last_reload(daemon.last_reload) if daemon.last_reload else None,
        },
        "virtual_routers": [_router(router, addresses, at) for router, addresses in routers],
    }


def engine_document(liveness: Liveness) -> dict[str, Any]:
    """Whether the engine answers, and since when it does not."""
    return {
        "answers": liveness.answers,
        "answered_at": _timestamp(liveness.answered_at),
        "silent_since": _timestamp(liveness.silent_since),
    }


def _timestamp(at: int | None) -> str | None:
    return None if at is None else timestamp(at)


def _last_reload(last: LastReload) -> dict[str, Any]:
    return {
        "at": timestamp(last.at),
        "outcome": "failed" if last.error else "reloaded",
        "error": last.error,
        "file_is_bad": last.is_bad_file,
    }


def _engine_lag(lag: EngineLag) -> dict[str, Any]:
    return {**_lag(lag.since_start), "last_minute": _lag(lag.last_minute)}


def _lag(lag: Lag) -> dict[str, Any]:
    bounds = [*(bound / _NANOSECONDS for bound in LAG_BOUNDS), None]
    buckets = [{"up_to": bound, "count": count} for bound, count in zip(bounds, lag.counts, strict=True)]
    return {"max": lag.max / _NANOSECONDS, "histogram": buckets}


def _router(router: RouterStatus, addresses: list[str], at: int) -> dict[str, Any]:
    return {
        "name": router.name,
        "family": router.family,
        "vrid": router.vrid,
        "interface": router.interface,
        "version": router.version,
        "state": router.state,
        "since": timestamp(router.since),
        "last_change": msgspec.to_builtins(router.change),
        "problems": [_problem(problem) for problem in router.problems if problem.over_at >= at],
        "fault": {"reason": router.fault.reason, "detail": router.fault.detail} if router.fault else None,
        "priority": {"configured": router.configured_priority, "effective": router.effective_priority},
        "tracking": [_track(track) for track in router.tracking],
        "master": router.master,
        "master_priority": router.master_priority,
        "checksum": msgspec.to_builtins(router.checksum),
        "advertisement_interval_seconds": router.advertisement_interval / _NANOSECONDS,
        "master_down_interval_seconds": router.master_down_interval / _NANOSECONDS,
        "source": router.source,
        "destinations": router.destinations,
        "hop_limit": router.hop_limit,
        "addresses": addresses,
        "own_subnets": router.own_subnets,
        "accept_mode": router.accept_mode,
        "preferred_lifetime": router.preferred_lifetime,
        "virtual_mac": None,
        "send_error": _send_error(router.send_error) if router.send_error else None,
        "address_conflict": router.address_conflict,
        "authentication": msgspec.to_builtins(router.authentication),
        "counters": {
            "advertisements_sent": router.counters.advertisements_sent,
            "advertisements_received": router.counters.advertisements_received,
            "priority_zero_sent": router.counters.priority_zero_sent,
            "priority_zero_received": router.counters.priority_zero_received,
            "transitions_to_master": router.counters.transitions_to_master,
            "send_errors": router.counters.send_errors,
            "address_elsewhere": router.counters.address_elsewhere,
            "discarded": router.counters.discarded,
            "oddities": router.counters.oddities,
        },
    }


def _problem(problem: Problem) -> dict[str, Any]:
    return {
        "what": problem.what,
        "severity": problem.severity,
        "source": problem.source,
        "text": problem.text,
        "since": timestamp(problem.since),
        "last_heard": timestamp(problem.last_heard),
        "count": problem.count,
    }


def _track(track: TrackStatus) -> dict[str, Any]:
    return {
        "tracker": track.tracker,
        "weight": track.weight,
        "is_well": track.is_well,
        "contributes": track.contributes,
        "text": track.text,
        "since": timestamp(track.since),
    }


def _send_error(error: SendError) -> dict[str, Any]:
    return {"what": error.what, "error": error.error, "count": error.count, "at": timestamp(error.at)}
