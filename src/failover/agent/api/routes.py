"""The resources of the control API: HTTP/1.1 and JSON on the control socket.

`GET /status` is answered from the mirror, which is brought up to date first, as far as the engine answers.
`GET /healthz` is good where it does, `GET /readyz` where it has also said what runs. `POST /reload` is passed on to the
engine, and answered when the engine has finished.
"""

import time
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any, Final

import msgspec

from failover.agent.api.http import Handler, RefusedError, Request, Response, Route, failure
from failover.agent.api.status_document import engine_document, status_document
from failover.agent.link.freshness import Freshness
from failover.agent.link.mirror import Mirror
from failover.messages import Answer, NotReloaded, Refused, Reloaded, ReloadEnded

_STARTING: Final = "the daemon is starting"
_NOT_YET: Final = failure(HTTPStatus.SERVICE_UNAVAILABLE, _STARTING, (("retry-after", "1"),))

_SILENT: Final = (
    "the daemon does not answer: it is stopped or too busy. A change that it has not begun will not be made;"
    " one that it has begun shows in failover status and in the log."
)

Reload = Callable[[], Awaitable[Answer | None]]


def routes(mirror: Mirror, freshness: Freshness, reload: Reload) -> Route:
    """Who answers what. `freshness` brings the mirror up to date; `reload` returns None where the engine is silent."""

    async def status() -> Response:
        await freshness.renew()
        document = status_document(mirror, time.time_ns(), freshness.liveness)
        return _NOT_YET if document is None else Response(HTTPStatus.OK, document)

    async def healthz() -> Response:
        await freshness.renew()
        return _probed(None if freshness.liveness.answers else "the engine does not answer")

    async def readyz() -> Response:
        response = await healthz()
        starting = response.status is HTTPStatus.OK and mirror.routers is None
        return _probed(_STARTING) if starting else response

    def _probed(error: str | None) -> Response:
        engine = {"engine": engine_document(freshness.liveness)}
        if error is None:
            return Response(HTTPStatus.OK, engine)
        return Response(HTTPStatus.SERVICE_UNAVAILABLE, {"error": error, **engine})

    async def reload_configuration() -> Response:
        match await reload():
            case ReloadEnded(outcome=Reloaded() as outcome):
                return Response(HTTPStatus.OK, _document(outcome))
            case ReloadEnded(outcome=NotReloaded(report=report, is_bad=is_bad)):
                return failure(HTTPStatus.UNPROCESSABLE_ENTITY if is_bad else HTTPStatus.CONFLICT, report)
            case Refused(reason=reason):  # an engine that was not upgraded with its agent
                return failure(HTTPStatus.CONFLICT, f"the daemon refuses: {reason}")
            case _:
                return failure(HTTPStatus.GATEWAY_TIMEOUT, _SILENT)

    return route_by(
        {
            "/status": {"GET": status},
            "/healthz": {"GET": healthz},
            "/readyz": {"GET": readyz},
            "/reload": {"POST": reload_configuration},
        }
    )


def route_by(resources: Mapping[str, Mapping[str, Handler]]) -> Route:
    """Find the handler of a request by path and method. HEAD asks for what GET does (RFC 9110 section 9.3.2)."""

    def route(request: Request) -> Handler:
        methods = resources.get(request.path)
        if methods is None:
            raise RefusedError(HTTPStatus.NOT_FOUND, f"no such resource: there are {', '.join(resources)}")
        handler = methods.get("GET" if request.method == "HEAD" else request.method)
        if handler is None:
            allowed = ", ".join(methods)
            raise RefusedError(
                HTTPStatus.METHOD_NOT_ALLOWED, f"{request.path} takes {allowed} only", (("allow", allowed),)
            )
        return handler

    return route


def _document(outcome: Reloaded) -> dict[str, Any]:
    return {
        "added": msgspec.to_builtins(outcome.added),
        "removed": msgspec.to_builtins(outcome.removed),
        "changed": msgspec.to_builtins(outcome.changed),
        "unchanged": outcome.unchanged,
        "needs_restart": outcome.needs_restart,
    }
