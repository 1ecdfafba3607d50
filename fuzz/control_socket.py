"""Whatever a client sends to the control socket, it is answered or hung up on, and nothing is logged.

No exception escapes, and whoever asks for the status afterwards gets it. The agent is served as it is, on a
socket without a name in the file system; the engine at the other end of its channel is a stand-in that answers.

The first byte of an input chooses in how many pieces the rest is sent, whether the client waits for an answer to each,
and whether it hangs up at once when all is sent.
"""

import asyncio
import json
import logging
import socket
from collections.abc import Iterator
from contextlib import closing, suppress
from functools import cache
from itertools import cycle
from typing import Any, Final

from failover.agent.api.server import serve
from failover.messages import (
    Ask,
    Event,
    NotReloaded,
    Reload,
    Reloaded,
    ReloadEnded,
    Told,
    Withdraw,
    decode_command,
    encode,
)
from fuzz.messages import KNOWN, RELOADED

WORDS: Final = (
    *(
        b"GET ",
        b"POST ",
        b"HEAD ",
        b"OPTIONS ",
        b"CONNECT ",
        b"/status",
        b"/reload",
        b" HTTP/1.1\r\n",
        b" HTTP/1.0\r\n",
    ),
    *(b"Host: failover\r\n", b"Connection: close\r\n", b"Connection: keep-alive\r\n", b"Connection: Upgrade\r\n"),
    *(b"Upgrade: websocket\r\n", b"Upgrade: h2c\r\n", b"Expect: 100-continue\r\n", b"Content-Length: 5\r\n"),
    *(
        b"Transfer-Encoding: chunked\r\n",
        b"0\r\n\r\n",
        b"5\r\nhello\r\n",
        b"\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ),
    *(b"/%2e%2e/", b"http://failover/status", b"*", b"?a=b", b"%00", b"%ff", b"Sec-WebSocket-Key: x\r\n"),
)

_STATUS: Final = b"GET /status HTTP/1.1\r\nHost: failover\r\nConnection: close\r\n\r\n"
_PIECES: Final = 4
_WAITS: Final = 0x40
_ENDS: Final = 0x80
_PATIENCE_SECONDS: Final = 5.0
"""What takes longer does not end at all: the agent itself waits for a tenth of a second at most."""
_UNTIL_READ: Final = 3
_UNTIL_ANSWERED: Final = 12
"""Turns of the event loop, mostly enough for that."""
_READ_BYTES: Final = 1 << 16


def seeds() -> Iterator[bytes]:
    """What our own client sends, and what others do."""
    requests = (
        _STATUS,
        b"POST /reload HTTP/1.1\r\nHost: failover\r\nContent-Length: 0\r\n\r\n",
        b"GET /status HTTP/1.1\r\nHost: failover\r\nAccept-Encoding: identity\r\n\r\n" * 3,
        b"GET /nothing HTTP/1.0\r\n\r\n",
        b"POST /status HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        b"POST /reload HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello",
        b"GET /status HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n\r\n",
        b"HEAD /status HTTP/1.1\r\nHost:",
        b"\x16\x03\x01\x00\x00",
    )
    for request in requests:
        yield b"\0" + request
        yield bytes((_ENDS | 2,)) + request


def one(data: bytes) -> None:
    """Send it, then ask for the status."""
    agent = _agent()
    choice, sent = (data[0], data[1:]) if data else (0, b"")
    agent.run(sent, choice % _PIECES + 1, waits=bool(choice & _WAITS), ends=bool(choice & _ENDS))


class _Complaints(logging.Handler):
    """Keeps what is logged, whoever logs it."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.told.append(self.format(record))


class _Agent:
    """An agent in this process, which runs while an input is tried, and its engine."""

    def __init__(self) -> None:
        self._complaints = _Complaints()
        self._loop = asyncio.new_event_loop()
        self._loop.set_exception_handler(lambda _, context: self._complaints.told.append(str(context)))
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind("")  # Linux gives it an abstract address
        self._listener.listen()
        self._address: bytes = self._listener.getsockname()
        self._engine, self._channel = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        for one in (self._listener, self._engine, self._channel):
            one.setblocking(False)
        self._outcomes: Iterator[Reloaded | NotReloaded] = cycle(
            (RELOADED, NotReloaded(report="bad", is_bad=True), NotReloaded(report="no", is_bad=False))
        )
        for message in KNOWN:
            self._engine.send(encode(message))
        self._loop.add_reader(self._engine, self._answer)
        self._serving = self._loop.create_task(serve(self._channel, self._listener, self._log))
        self._loop.run_until_complete(asyncio.sleep(0.05))
        logging.getLogger().addHandler(self._complaints)

    def run(self, sent: bytes, pieces: int, *, waits: bool, ends: bool) -> None:
        self._complaints.told.clear()
        trial = self._try(sent, pieces, waits=waits, ends=ends)
        self._loop.run_until_complete(asyncio.wait_for(trial, _PATIENCE_SECONDS))
        assert not self._complaints.told, self._complaints.told
        assert not self._serving.done()

    async def _try(self, sent: bytes, pieces: int, *, waits: bool, ends: bool) -> None:
        with closing(await self._connect()) as client:
            await self._send(client, sent, pieces, _UNTIL_ANSWERED if waits else _UNTIL_READ)
            if not ends:
                await self._turns(_UNTIL_ANSWERED)
            client.shutdown(socket.SHUT_WR)
            answer = await self._heard(client)
        assert answer == b"" or answer.startswith(b"HTTP/1.1 "), answer
        assert not answer.startswith(b"HTTP/1.1 500 "), answer
        with closing(await self._connect()) as client:
            await self._send(client, _STATUS, 1, 0)
            head, _, body = (await self._heard(client)).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 OK\r\n"), head
        document: dict[str, Any] = json.loads(body)
        assert document.keys() == {"daemon", "virtual_routers"}

    async def _connect(self) -> socket.socket:
        client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        client.setblocking(False)
        await self._loop.sock_connect(client, self._address)
        return client

    async def _send(self, client: socket.socket, sent: bytes, pieces: int, turns: int) -> None:
        length = -(-len(sent) // pieces) or 1
        with suppress(ConnectionError):  # it has hung up already
            for start in range(0, len(sent), length):
                await self._loop.sock_sendall(client, sent[start : start + length])
                await self._turns(turns)

    async def _heard(self, client: socket.socket) -> bytes:
        """All that the agent says until it hangs up."""
        answer = bytearray()
        with suppress(ConnectionError):
            while piece := await self._loop.sock_recv(client, _READ_BYTES):
                answer += piece
        return bytes(answer)

    async def _turns(self, count: int) -> None:
        for _ in range(count):
            await asyncio.sleep(0)

    def _answer(self) -> None:
        match decode_command(self._engine.recv(_READ_BYTES)):
            case Ask(id=number):
                self._engine.send(encode(Told(number)))
            case Reload(id=number):
                self._engine.send(encode(ReloadEnded(number, next(self._outcomes))))
            case Withdraw():
                pass

    def _log(self, event: Event) -> None:
        raise AssertionError(event)


@cache
def _agent() -> _Agent:
    return _Agent()
