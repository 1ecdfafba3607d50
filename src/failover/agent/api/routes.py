"""The routes of the control API: HTTP/1.1 and JSON on the control socket.

`GET /status` is answered from the mirror, which is brought up to date first. `POST /reload` is passed on to the engine,
and answered when the engine has finished.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from failover.agent.api.status_document import status_document
from failover.agent.link.mirror import Mirror
from failover.messages import Answer, NotReloaded, Refused, Reloaded, ReloadEnded

_NOT_YET = JSONResponse({"error": "the daemon is starting"}, status_code=503, headers={"Retry-After": "1"})

_SILENT: Final = (
    "the daemon does not answer: it does not run, or is too busy. It will not make a change that it has not begun"
    " by now; one that it has begun shows in failover status and in the log"
)

Reload = Callable[[], Coroutine[Any, Any, Answer | None]]


def application(mirror: Mirror, freshen: Callable[[], Awaitable[None]], reload: Reload) -> Starlette:
    """The web application. `freshen` brings the mirror up to date; `reload` returns None where the engine is silent."""

    async def status(_: Request) -> Response:
        await freshen()
        document = status_document(mirror, time.time_ns())
        return _NOT_YET if document is None else JSONResponse(document)

    async def reload_configuration(request: Request) -> Response:
        match await _while_there(request, reload()):
            case ReloadEnded(outcome=Reloaded() as outcome):
                return JSONResponse(_document(outcome))
            case ReloadEnded(outcome=NotReloaded(report=report, is_bad=is_bad)):
                return JSONResponse({"error": report}, status_code=422 if is_bad else 409)
            case Refused(reason=reason):  # an engine that was not upgraded with its agent
                return JSONResponse({"error": f"the daemon refuses: {reason}"}, status_code=409)
            case _:
                return JSONResponse({"error": _SILENT}, status_code=504)

    return Starlette(
        routes=[
            Route("/status", status, methods=["GET"]),
            Route("/reload", reload_configuration, methods=["POST"]),
        ]
    )


async def _while_there(client: Request, answer: Coroutine[Any, Any, Answer | None]) -> Answer | None:
    """The answer; None where the client has hung up before: then the command is withdrawn."""
    asking = asyncio.ensure_future(answer)
    leaving = asyncio.ensure_future(_gone(client))
    try:
        await asyncio.wait([asking, leaving], return_when=asyncio.FIRST_COMPLETED)
        return asking.result() if asking.done() else None
    finally:
        asking.cancel()
        leaving.cancel()


async def _gone(client: Request) -> None:
    while (await client.receive())["type"] != "http.disconnect":
        pass  # it sends a body, which nobody has asked for


def _document(outcome: Reloaded) -> dict[str, Any]:
    return {
        "added": msgspec.to_builtins(outcome.added),
        "removed": msgspec.to_builtins(outcome.removed),
        "changed": msgspec.to_builtins(outcome.changed),
        "unchanged": outcome.unchanged,
        "needs_restart": outcome.needs_restart,
    }
