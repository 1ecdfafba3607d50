"""An agent in this process on real sockets, and a client that speaks the bytes of HTTP itself."""

import asyncio
import socket
import time
from collections.abc import Callable
from pathlib import Path

from failover.agent.api.server import serve
from failover.agent.log.text import line
from failover.messages import Command, Message, decode_command, encode


class Agent:
    """An agent in this process; what is sent to it, and what it writes."""

    def __init__(self, directory: Path) -> None:
        self.control = directory / "control.sock"
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(str(self.control))
        self.listener.listen()
        self.engine, self.channel = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.channel.setblocking(False)
        self.listener.setblocking(False)
        self.lines: list[str] = []
        self.loop: asyncio.AbstractEventLoop | None = None
        """While it runs."""

    def tell(self, *messages: Message) -> None:
        for message in messages:
            self.engine.send(encode(message))

    def commanded(self, kind: type[Command]) -> int:
        """The number of a command of this kind, which has come or will come soon."""
        command = decode_command(self.engine.recv(100))
        assert isinstance(command, kind)
        return command.id

    def run(self, client: Callable[[], None]) -> None:
        """Serve while `client` runs in a thread, and then until the engine has hung up."""

        async def both() -> None:
            self.loop = asyncio.get_running_loop()
            serving = asyncio.create_task(
                serve(self.channel, self.listener, lambda event: self.lines.append(line(event)))
            )
            try:
                await asyncio.wait_for(asyncio.to_thread(client), 20)
            finally:
                self.engine.close()
                await asyncio.wait_for(serving, 5)

        asyncio.run(both())

    def close(self) -> None:
        for one in (self.engine, self.channel, self.listener):
            one.close()


class Talk:
    """A client that speaks the bytes of HTTP itself."""

    def __init__(self, control: Path) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(10)
        self.socket.connect(str(control))

    def send(self, text: str) -> None:
        self.socket.sendall(text.replace("\n", "\r\n").encode())

    def answer(self) -> tuple[str, str]:
        """The next response: its head, and its body if its length is told and it has one."""
        head = ""
        while not head.endswith("\r\n\r\n"):
            piece = self.socket.recv(1).decode()
            assert piece, head
            head += piece
        length = int(head.lower().partition("content-length: ")[2].partition("\r")[0] or 0)
        return head, "".join(self.socket.recv(1).decode() for _ in range(length))

    def rest(self) -> bytes:
        return b"".join(iter(lambda: self.socket.recv(1000), b""))


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def assert_equal(found: object, expected: object) -> None:
    assert found == expected
