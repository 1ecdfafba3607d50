"""HTTP/1.1 with one client (RFC 9112), by h11: reads requests, writes responses. Knows no resource and no listener."""

import asyncio
import select
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

import h11
import msgspec

PATIENCE_SECONDS: Final = 10.0
"""How long a client may take to send a request, to send the next one, or to read the response."""

LARGEST_BODY: Final = 1 << 16
"""Bytes in the body of a request; a client that sends more is refused."""

_LINGER_SECONDS: Final = 1.0
"""How long a client that is refused may go on sending. Were the connection closed with something unread, it would be
reset, and what the client has not read by then could be lost."""

_LOOK_SECONDS: Final = 0.05
"""How often to look whether a client is still there while its response is being made."""

_LARGEST_HEAD: Final = 1 << 14
_PIECE_BYTES: Final = 1 << 16

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asks for. `path` is as the client wrote it, without the query."""

    method: str
    path: str


@dataclass(frozen=True, slots=True)
class Response:
    """An answer: a document, which is sent as JSON, and headers beside those that every response has."""

    status: HTTPStatus
    document: Any
    headers: Headers = ()


class RefusedError(Exception):
    """A request will not be answered, and nothing more is read from its client. Has the response that says so."""

    def __init__(self, status: HTTPStatus, error: str, headers: Headers = ()) -> None:
        super().__init__(error)
        self.response = failure(status, error, headers)


Handler = Callable[[], Awaitable[Response]]
"""Makes the response, once the whole request was read. It is cancelled where its client leaves before."""

Route = Callable[[Request], Handler]
"""Finds who answers a request. Raises `RefusedError` where nobody does; the request's body is then not read."""


def failure(status: HTTPStatus, error: str, headers: Headers = ()) -> Response:
    """A response that says in a sentence why there is no other."""
    return Response(status, {"error": error}, headers)


async def converse(client: "Client", route: Route) -> None:
    """Answer a client's requests until it has enough. One that has left or is too slow is not waited for."""
    reader, writer = await asyncio.open_connection(sock=client.connection)
    writer.transport.set_write_buffer_limits(0)  # so that what was drained is with the kernel
    try:
        with suppress(OSError, TimeoutError):
            await _Conversation(client, reader, writer, route).hold()
    finally:
        writer.transport.abort()


class Client:
    """A client, and whether it may be hung up on to make room for another."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.idle_since: float | None = None
        """The time of the event loop since which it has no answer to get, or only to read it; None where it has."""


class _Conversation:
    """The requests of one client, one after the other."""

    def __init__(
        self, client: Client, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, route: Route
    ) -> None:
        self._client = client
        self._reader = reader
        self._writer = writer
        self._route = route
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=_LARGEST_HEAD)
        self._method: str | None = None

    async def hold(self) -> None:
        """Answer until the client or HTTP ends the connection. `TimeoutError`, `OSError`: it is too slow, or gone."""
        try:
            while await self._answer_next():
                self._http.start_next_cycle()
        except RefusedError as refusal:
            await self._respond(refusal.response)
        except h11.RemoteProtocolError as error:
            await self._respond(failure(HTTPStatus(error.error_status_hint), f"this is not HTTP: {error}"))
        else:
            return
        await self._linger()

    async def _answer_next(self) -> bool:
        """Answer one request. Returns whether another one may follow."""
        self._begin_idling()
        self._method = None
        async with asyncio.timeout(PATIENCE_SECONDS):
            event = await self._next_event()
            if not isinstance(event, h11.Request):
                return False
            self._method = event.method.decode()
            handler = self._route(Request(self._method, event.target.partition(b"?")[0].decode()))
            await self._skip_body()
        self._client.idle_since = None
        response = await self._made_by(handler)
        self._begin_idling()
        await self._respond(response)
        return self._http.states == {h11.CLIENT: h11.DONE, h11.SERVER: h11.DONE}

    def _begin_idling(self) -> None:
        self._client.idle_since = asyncio.get_running_loop().time()

    async def _made_by(self, handler: Handler) -> Response:
        """The response; `ConnectionError` where the client leaves before."""
        if self._has_left():  # while we did not run: what it has asked for is not even begun
            raise ConnectionAbortedError
        making = asyncio.ensure_future(_handle(handler))
        try:
            while not making.done():
                await asyncio.wait([making], timeout=_LOOK_SECONDS)
                if not making.done() and self._has_left():
                    raise ConnectionAbortedError
            return making.result()
        finally:
            making.cancel()

    def _has_left(self) -> bool:
        """Whether the client has hung up. Reading would not tell: one that only sends nothing more still reads."""
        if self._writer.is_closing():
            return True
        poll = select.poll()
        poll.register(self._client.connection, 0)
        return bool(poll.poll(0))

    async def _linger(self) -> None:
        self._begin_idling()
        self._writer.write_eof()
        async with asyncio.timeout(_LINGER_SECONDS):
            while await self._reader.read(_PIECE_BYTES):
                pass

    async def _skip_body(self) -> None:
        """Read the body, which no resource of ours has a use for."""
        length = 0
        while not isinstance(event := await self._next_event(), h11.EndOfMessage):
            if isinstance(event, h11.Data):
                length += len(event.data)
            if length > LARGEST_BODY:
                error = f"the body of a request may have at most {LARGEST_BODY} bytes"
                raise RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, error)

    async def _next_event(self) -> object:
        while (event := self._http.next_event()) is h11.NEED_DATA:
            if self._http.they_are_waiting_for_100_continue:
                self._send(h11.InformationalResponse(status_code=HTTPStatus.CONTINUE, headers=[]))
            self._http.receive_data(await self._reader.read(_PIECE_BYTES))
        return event

    async def _respond(self, response: Response) -> None:
        if self._http.our_state not in {h11.IDLE, h11.SEND_RESPONSE}:  # it misbehaves after it was answered
            return
        body = msgspec.json.encode(response.document)
        headers = [("content-type", "application/json"), ("content-length", str(len(body))), *response.headers]
        if self._http.their_state is not h11.DONE:  # what else it sends is not read
            headers.append(("connection", "close"))
        self._send(h11.Response(status_code=response.status, headers=headers, reason=response.status.phrase))
        if self._method != "HEAD":
            self._send(h11.Data(data=body))
        self._send(h11.EndOfMessage())
        async with asyncio.timeout(PATIENCE_SECONDS):
            await self._writer.drain()

    def _send(self, event: h11.Event) -> None:
        self._writer.write(self._http.send(event) or b"")


async def _handle(handler: Handler) -> Response:
    try:
        return await handler()
    except Exception as error:  # noqa: BLE001 - a fault of ours: the client hears that there is one, the log which
        asyncio.get_running_loop().call_exception_handler({"message": "a request failed", "exception": error})
        return failure(HTTPStatus.INTERNAL_SERVER_ERROR, "the request failed: the log says why")
