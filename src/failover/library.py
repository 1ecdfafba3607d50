"""`run`: virtual routers in an asyncio program: the engine without its process, agent, control socket or signals."""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from typing import Final

from failover.config import Configuration, VirtualRouter
from failover.engine import Engine, Loop
from failover.engine.intended import claims, intended
from failover.engine.process.claims import HeldClaims, exclusively
from failover.events import Kind
from failover.linux.host import LinuxHost
from failover.messages import Event
from failover.vrrp import VirtualAddress

_RUNNING: Final[list[Engine]] = []
"""The engines of this process: each leaves the others' addresses alone."""


async def run(virtual_routers: Iterable[VirtualRouter], *, on_event: Callable[[Event], None] | None = None) -> None:
    """Run virtual routers until cancelled. Then MASTERs resign with priority 0, and their addresses are removed.

    `on_event` is called in the event loop with each event. It must return soon: while it runs, no advertisement is
    sent. An exception that it raises ends the run and is raised here.

    Raises `ConfigError` where the routers clash, `PermissionError` without CAP_NET_RAW and CAP_NET_ADMIN, and
    `OSError` where another process runs one of the routers (EBUSY) or the system has no descriptors left.

    Timing is only as good as the program's event loop: whatever blocks it delays advertisements, which are due every
    `advert_interval` seconds (RFC 9568 §6.4.3).
    """
    configuration = Configuration(virtual_routers=tuple(virtual_routers))
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[None] = loop.create_future()
    errors: list[BaseException] = []

    def end(error: BaseException) -> None:
        if ended.done():
            loop.call_exception_handler({"message": "failover had ended already", "exception": error})
        else:
            errors.append(error)
            ended.set_result(None)

    def publish(event: Event, _: object) -> None:
        # An exception must not reach the engine: it is in the middle of a step, and has other routers to serve.
        try:
            if on_event is not None:
                on_event(event)
        except BaseException as error:  # noqa: BLE001 - raised again where `run` is awaited
            end(error)

    instances = intended(configuration)
    with exclusively(claims(instances)) as held, closing(Loop()) as inner:
        for warning in held.warnings:
            publish(Kind.DEGRADED.event(inner.clock.wall(), {"warning": warning}), None)

        def dispatch() -> None:
            try:
                inner.dispatch()
            except BaseException as error:  # noqa: BLE001 - raised again where `run` is awaited
                loop.remove_reader(inner.fileno())
                end(error)

        engine = Engine(instances, inner, publish, LinuxHost(), partial(_is_anothers, held))
        try:
            engine.start()
            inner.dispatch()
            loop.add_reader(inner.fileno(), dispatch)
            with _in_the_way_of_others(engine):
                await ended
        finally:
            loop.remove_reader(inner.fileno())
            engine.stop()
    if errors:
        raise errors[0]


def _is_anothers(held: HeldClaims, interface: str, address: VirtualAddress) -> bool:
    # A process does not see claims of its own.
    return held.is_anothers(interface, address) or any(one.has(interface, address) for one in _RUNNING)


@contextmanager
def _in_the_way_of_others(engine: Engine) -> Iterator[None]:
    _RUNNING.append(engine)
    try:
        yield
    finally:
        _RUNNING.remove(engine)
