"""The control API: HTTP/1.1 and JSON on the control socket. Reads the mirror, which it first has brought up to date."""

import time
from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from failover.agent.mirror import Mirror

_NOT_YET = JSONResponse({"error": "the daemon is starting"}, status_code=503, headers={"Retry-After": "1"})


def application(mirror: Mirror, freshen: Callable[[], Awaitable[None]]) -> Starlette:
    """The routes over one mirror."""

    async def status(_: Request) -> Response:
        await freshen()
        document = mirror.status(time.time_ns())
        return _NOT_YET if document is None else JSONResponse(document)

    return Starlette(routes=[Route("/status", status, methods=["GET"])])
