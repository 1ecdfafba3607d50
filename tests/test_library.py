"""Failover inside an asyncio program."""

import asyncio
import errno
import json
import os
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from ipaddress import ip_interface
from pathlib import Path
from typing import Any

import pytest

from failover import ConfigError, VirtualRouter, run, running
from failover.lab.network.lan import Host, Lan
from failover.messages import Event
from tests.engine.daemons import ENVIRONMENT, INTERVAL, OurDaemon, router
from tests.engine.watching import Addresses

pytestmark = pytest.mark.root


@pytest.fixture
def lan() -> Iterator[Lan]:
    with Lan() as made:
        yield made


@pytest.fixture
def host(lan: Lan) -> Host:
    return lan.host("one", "192.0.2.11/24")


UNHURRIED = 0.3
"""Seconds: an interval for those who are to resign. A MASTER that a busy machine has kept from advertising for three
intervals withdraws without a word instead, for others must have taken over."""


def routers(interval: float = INTERVAL) -> list[VirtualRouter]:
    return [
        VirtualRouter(vrid=51, interface_name="eth0", ip_addresses=["192.0.2.100/24"], advert_interval=interval),
        VirtualRouter(
            vrid=52, interface_name="eth0", ip_addresses=["192.0.2.101/24", "fe80::52:1/64"], advert_interval=interval
        ),
    ]


def own(host: Host) -> set[str]:
    return {str(one) for one in host.held()}


HOST_OWN = {"192.0.2.11/24", "fe80::ff:fe00:1/64"}


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


class Watcher:
    """Takes events and says when all instances have been MASTER, and when all have left that."""

    def __init__(self, instances: int = 3) -> None:
        self.events: list[Event] = []
        self.instances = instances
        self.elected = asyncio.Event()
        self.ended = asyncio.Event()

    def __call__(self, event: Event) -> None:
        self.events.append(event)
        if len(self.told("MASTER")) == self.instances:
            self.elected.set()
        if len(self.told("INITIALIZE")) == self.instances:
            self.ended.set()

    def told(self, state: str) -> set[tuple[str | None, str | None]]:
        return {(e.name, e.family) for e in self.events if e.fields.get("current") == state}


def test_it_runs_until_it_is_cancelled_and_leaves_nothing(lan: Lan, host: Host) -> None:
    capture = lan.capture()
    before = descriptors()
    beats = 0

    async def program() -> Watcher:
        nonlocal beats
        watcher = Watcher()
        running = asyncio.create_task(run(routers(UNHURRIED), on_event=watcher))
        await asyncio.wait_for(watcher.elected.wait(), 10)
        assert own(host) == HOST_OWN | {"192.0.2.100/24", "192.0.2.101/24", "fe80::52:1/64"}
        while len(capture.adverts()) < 20:
            await asyncio.sleep(0.01)
            beats += 1
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        return watcher

    with host.enter():
        watcher = asyncio.run(program())
    assert beats > 3, "the program's own tasks run beside it"
    assert own(host) == HOST_OWN
    assert {(a.vrid, a.source.version) for a in capture.adverts() if a.priority == 0} == {(51, 4), (52, 4), (52, 6)}
    assert (
        watcher.told("MASTER")
        == watcher.told("INITIALIZE")
        == {
            ("VR_51", "ipv4"),
            ("VR_52", "ipv4"),
            ("VR_52", "ipv6"),
        }
    )
    assert descriptors() == before


class Mishap(Exception):  # noqa: N818 - not an error of ours
    """What a program's callback raises."""


@pytest.mark.parametrize("mishap", [Mishap, StopIteration])
def test_an_exception_of_the_callback_ends_the_run_and_every_router(
    lan: Lan, host: Host, mishap: type[Exception]
) -> None:
    capture = lan.capture()
    masters: set[Any] = set()
    before = descriptors()

    def on_event(event: Event) -> None:
        if event.fields.get("current") == "MASTER":
            masters.add((event.name, event.family))
        if len(masters) == 3:
            raise mishap("mine")  # also for each of the events of the end

    async def program() -> list[dict[str, Any]]:
        reported: list[dict[str, Any]] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(context))
        # A coroutine cannot raise StopIteration.
        with pytest.raises(RuntimeError if mishap is StopIteration else mishap):
            await asyncio.wait_for(run(routers(UNHURRIED), on_event=on_event), 10)
        return reported

    with host.enter():
        reported = asyncio.run(program())
    assert own(host) == HOST_OWN
    assert {(a.vrid, a.source.version) for a in capture.adverts() if a.priority == 0} == {(51, 4), (52, 4), (52, 6)}
    assert [type(context["exception"]) for context in reported] == [mishap] * 3
    assert {context["message"] for context in reported} == {
        "failover: on_event raised an exception while the virtual routers were being stopped"
    }
    assert descriptors() == before


def test_it_follows_the_interface(lan: Lan, host: Host) -> None:
    async def program() -> None:
        watcher = Watcher()
        running = asyncio.create_task(run(routers(), on_event=watcher))
        await asyncio.wait_for(watcher.elected.wait(), 10)
        host.ip("link set eth0 down")
        await asyncio.wait_for(watcher.ended.wait(), 10)
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running

    with host.enter():
        asyncio.run(asyncio.wait_for(program(), 10))


def test_routers_that_clash_are_refused_before_anything_is_opened(host: Host) -> None:
    before = descriptors()
    one = VirtualRouter(name="one", vrid=51, interface_name="eth0", ip_addresses=["192.0.2.100/24"])
    two = VirtualRouter(name="two", vrid=51, interface_name="eth0", ip_addresses=["192.0.2.101/24"])
    with host.enter(), pytest.raises(ConfigError, match="vrid"):
        asyncio.run(run([one, two]))
    with pytest.raises(ConfigError):
        asyncio.run(run([]))
    assert descriptors() == before


def test_a_router_that_a_daemon_runs_is_refused(host: Host) -> None:
    daemon = OurDaemon(host, router())
    daemon.wait_for("MASTER")
    with host.enter(), pytest.raises(OSError, match=f"process {daemon.pid}, already runs") as refused:
        asyncio.run(run(routers()))
    assert refused.value.errno == errno.EBUSY
    assert "192.0.2.100/24" in own(host)
    assert daemon.stop() == 0


def test_a_daemon_for_a_router_that_runs_in_a_program_is_refused(host: Host, tmp_path: Path) -> None:
    config = tmp_path / "config.json"
    config.write_text(json.dumps(router()))
    command = [sys.executable, "-m", "failover", "run", "--config", str(config), "--runtime-dir", str(tmp_path / "run")]

    async def main() -> str:
        running = asyncio.create_task(run(routers()))
        # Without `host.enter()`, which opens and closes the namespace's file: that would give the claims back.
        daemon = await asyncio.create_subprocess_exec(*command, env=ENVIRONMENT, stderr=asyncio.subprocess.PIPE)
        _, said = await asyncio.wait_for(daemon.communicate(), 20)
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        return said.decode()

    with host.enter():
        said = asyncio.run(main())
    assert said.startswith(f"failover: another failover, process {os.getpid()}, already runs virtual router 51 (ipv4)")


def test_a_second_run_in_the_same_program_leaves_the_addresses_of_the_first(lan: Lan, host: Host) -> None:
    host.ip("link add eth1 type veth peer name eth2", "link set eth2 up", "link set eth1 up")
    host.ip("addr add 198.51.100.11/24 dev eth1")
    other = [VirtualRouter(vrid=7, interface_name="eth1", ip_addresses=["198.51.100.1/24"], advert_interval=INTERVAL)]

    async def main() -> list[str]:
        first, second = Watcher(), Watcher(1)
        tasks = [asyncio.create_task(run(routers(), on_event=first))]
        await asyncio.wait_for(first.elected.wait(), 10)
        tasks.append(asyncio.create_task(run(other, on_event=second)))
        await asyncio.wait_for(second.elected.wait(), 10)
        assert {"192.0.2.100/24", "192.0.2.101/24", "fe80::52:1/64", "198.51.100.1/24"} <= own(host)
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        return [event.kind for event in (*first.events, *second.events)]

    with host.enter():
        told = asyncio.run(main())
    assert not {"leftovers_removed", "addresses_restored"} & set(told)


def test_the_same_virtual_router_runs_in_two_namespaces_of_a_program_and_each_clears_its_own(
    lan: Lan, host: Host
) -> None:
    """In two threads. What the first one has, a dead daemon has left in the namespace of the second."""
    other = lan.host("two", "192.0.2.12/24")
    left = ip_interface("192.0.2.100/24")
    with Addresses(other) as addresses:
        addresses.add(left)
    same = VirtualRouter(vrid=51, interface_name="eth0", ip_addresses=["192.0.2.150/24"], advert_interval=INTERVAL)
    is_master, is_over = threading.Event(), threading.Event()

    async def first() -> None:
        watcher = Watcher()
        async with running(routers(), on_event=watcher):
            await asyncio.wait_for(watcher.elected.wait(), 10)
            is_master.set()
            await asyncio.to_thread(is_over.wait, 20)

    async def second() -> list[Event]:
        events: list[Event] = []
        async with running([same], on_event=events.append):
            pass
        return events

    def carry_out(where: Host, what: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
        with where.enter():
            return asyncio.run(what())

    with ThreadPoolExecutor(2) as threads:
        whole = threads.submit(carry_out, host, first)
        try:
            assert is_master.wait(15)
            events = threads.submit(carry_out, other, second).result(20)
        finally:
            is_over.set()
        whole.result(20)
    removed = [event.fields["addresses"] for event in events if event.kind == "leftovers_removed"]
    assert removed == [str(left)]


def test_without_capabilities_it_is_a_permission_error(host: Host) -> None:
    script = """
import asyncio, os
from failover import VirtualRouter, run
before = len(os.listdir("/proc/self/fd"))
try:
    asyncio.run(run([VirtualRouter(vrid=51, interface_name="eth0", ip_addresses=["192.0.2.100/24"])]))
except PermissionError as error:
    print(error, len(os.listdir("/proc/self/fd")) - before)
"""
    without = ["setpriv", "--bounding-set", "-net_raw", "--inh-caps", "-net_raw"]
    with host.enter():
        done = subprocess.run(
            [*without, sys.executable, "-c", script],
            env=ENVIRONMENT,
            capture_output=True,
            text=True,
            check=True,
            timeout=20,
        )
    assert done.stdout.startswith("[Errno 1] ")
    assert done.stdout.endswith("eth0: opening it: Operation not permitted 0\n")


def test_a_router_whose_interface_is_missing_waits_and_can_be_cancelled(host: Host) -> None:
    async def program() -> list[Event]:
        events: list[Event] = []
        waiting = VirtualRouter(vrid=51, interface_name="eth7", ip_addresses=["192.0.2.100/24"])
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(run([waiting], on_event=events.append), 0.2)
        return events

    with host.enter():
        events = asyncio.run(program())
    assert [(e.fields["cause"], e.fields.get("fault")) for e in events] == [
        ("fault", "interface_missing"),
        ("shutdown", None),
    ]


def test_they_run_inside_an_async_with_and_are_gone_after_it(lan: Lan, host: Host) -> None:
    capture = lan.capture()
    before = descriptors()

    async def program() -> str:
        watcher = Watcher()
        async with running(routers(UNHURRIED), on_event=watcher):
            await asyncio.wait_for(watcher.elected.wait(), 10)
            assert "192.0.2.100/24" in own(host)
        assert watcher.ended.is_set()
        return "went on"

    with host.enter():
        assert asyncio.run(program()) == "went on"
    assert own(host) == HOST_OWN
    assert {(a.vrid, a.source.version) for a in capture.adverts() if a.priority == 0} == {(51, 4), (52, 4), (52, 6)}
    assert descriptors() == before


@pytest.mark.parametrize("of", ["the program", "the callback", "a cancelled program"])
def test_whatever_ends_the_block_ends_the_routers_and_is_what_is_raised(host: Host, of: str) -> None:
    async def program() -> None:
        elected = asyncio.Event()

        def on_event(event: Event) -> None:
            if event.fields.get("current") == "MASTER" and of == "the callback":
                raise Mishap("mine")
            if event.fields.get("current") == "MASTER":
                elected.set()

        async with running(routers()[:1], on_event=on_event):
            await elected.wait()
            if of == "a cancelled program":
                await asyncio.sleep(60)
            raise Mishap("mine")

    async def main() -> None:
        task = asyncio.create_task(program())
        if of == "a cancelled program":
            await asyncio.sleep(0.5)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        else:
            with pytest.raises(Mishap):
                await asyncio.wait_for(task, 10)
        me = asyncio.current_task()
        assert me is not None
        assert me.cancelling() == 0

    with host.enter():
        asyncio.run(main())
    assert own(host) == HOST_OWN


def test_the_block_goes_on_to_be_cancelled_by_others_after_a_mishap_was_caught(host: Host) -> None:
    async def program() -> str:
        def on_event(event: Event) -> None:
            if event.fields.get("current") == "MASTER":
                raise Mishap("mine")

        with suppress(Mishap):
            async with running(routers()[:1], on_event=on_event):
                await asyncio.sleep(60)
        try:
            async with asyncio.timeout(0.05):
                await asyncio.sleep(60)
        except TimeoutError:
            return "a timeout is one"
        return ""

    with host.enter():
        assert asyncio.run(program()) == "a timeout is one"


def test_the_same_router_twice_in_a_program_is_refused_and_others_are_not(host: Host) -> None:
    async def program() -> None:
        first, second = routers()
        async with running([first]):
            with pytest.raises(OSError, match=r"in this process, already runs virtual router 51 \(ipv4\)") as refused:
                await run([second, first])
            assert refused.value.errno == errno.EBUSY
            watcher = Watcher(2)
            async with running([second], on_event=watcher):
                await asyncio.wait_for(watcher.elected.wait(), 10)
            with pytest.raises(OSError, match="in this process"):
                await run([first])
        watcher = Watcher(3)
        async with running([first, second], on_event=watcher):
            await asyncio.wait_for(watcher.elected.wait(), 10)

    with host.enter():
        asyncio.run(program())
    assert own(host) == HOST_OWN


def test_the_end_of_one_leaves_another_ones_claims(host: Host, tmp_path: Path) -> None:
    config = tmp_path / "config.json"
    config.write_text(json.dumps(router()))
    command = [sys.executable, "-m", "failover", "run", "--config", str(config), "--runtime-dir", str(tmp_path / "run")]

    async def main() -> str:
        first, second = routers()
        async with running([first]):
            async with running([second]):
                pass
            daemon = await asyncio.create_subprocess_exec(*command, env=ENVIRONMENT, stderr=asyncio.subprocess.PIPE)
            _, said = await asyncio.wait_for(daemon.communicate(), 20)
        return said.decode()

    with host.enter():
        said = asyncio.run(main())
    assert said.startswith(f"failover: another failover, process {os.getpid()}, already runs virtual router 51 (ipv4)")


async def take(event: Event) -> None:
    """An `on_event` that nobody would await."""


def begin(event: Event) -> object:
    """Looks ordinary, and is not."""
    return take(event)


class Taker:
    async def __call__(self, event: Event) -> None: ...


class Promise:
    """What an `on_event` may return without being one of asyncio's own."""

    def __init__(self, event: Event) -> None: ...

    def __await__(self) -> Iterator[None]:
        yield


def generate(event: Event) -> Iterator[Event]:
    """Does nothing at all where nobody iterates it."""
    yield event


async def stream(event: Event) -> AsyncIterator[Event]:
    """Just so."""
    yield event


NOT_ORDINARY = [
    *(take, Taker(), partial(take), begin, generate, partial(generate), stream, Promise),
    *(lambda event: generate(event), lambda event: stream(event)),  # noqa: PLW0108 - they look ordinary
]


@pytest.mark.parametrize("on_event", NOT_ORDINARY)
def test_a_callback_that_would_have_to_be_awaited_is_refused(host: Host, on_event: Any) -> None:
    with host.enter(), pytest.raises(TypeError, match="must be an ordinary function"):
        asyncio.run(asyncio.wait_for(run(routers(), on_event=on_event), 10))
    assert own(host) == HOST_OWN


def test_a_callback_may_start_a_task(host: Host) -> None:
    taken: list[Event] = []

    async def program() -> None:
        elected = asyncio.Event()

        async def slowly(event: Event) -> None:
            await asyncio.sleep(0)
            taken.append(event)
            if event.fields.get("current") == "MASTER":
                elected.set()

        async with running(routers()[:1], on_event=lambda event: asyncio.create_task(slowly(event))):
            await asyncio.wait_for(elected.wait(), 10)

    with host.enter():
        asyncio.run(program())
    assert taken


async def raises_its_own() -> None:
    try:
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        raise KeyError("the program's") from None


async def ends_as_if_nothing_were() -> None:
    with suppress(asyncio.CancelledError):
        await asyncio.sleep(60)


@pytest.mark.parametrize(
    ("inside", "raised"),
    [(raises_its_own, KeyError), (ends_as_if_nothing_were, Mishap), (partial(asyncio.sleep, 60), Mishap)],
)
def test_whatever_the_program_makes_of_being_cancelled_nothing_is_lost_and_nothing_is_left(
    host: Host, inside: Callable[[], Awaitable[Any]], raised: type[Exception]
) -> None:
    reported: list[tuple[str, Any]] = []

    async def program() -> str:
        def on_event(event: Event) -> None:
            if event.fields.get("current") == "MASTER":
                raise Mishap("mine")

        async def block() -> None:
            async with running(routers()[:1], on_event=on_event):
                await inside()

        asyncio.get_running_loop().set_exception_handler(
            lambda _, context: reported.append((context["message"], context["exception"]))
        )
        with pytest.raises(raised):
            await block()
        task = asyncio.current_task()
        assert task is not None
        assert task.cancelling() == 0
        try:
            async with asyncio.timeout(0.05):
                await asyncio.sleep(60)
        except TimeoutError:
            return "a timeout is one"
        return ""

    with host.enter():
        assert asyncio.run(program()) == "a timeout is one"
    told = "failover: on_event raised an exception, and the program another one"
    assert [(message, type(error)) for message, error in reported] == ([(told, Mishap)] if raised is KeyError else [])
    assert own(host) == HOST_OWN


def test_where_the_program_was_cancelled_as_well_that_is_what_it_hears(host: Host) -> None:
    reported: list[Any] = []

    async def program() -> None:
        me = asyncio.current_task()
        assert me is not None

        def on_event(event: Event) -> None:
            if event.fields.get("current") == "MASTER":
                me.cancel()
                raise Mishap("mine")

        asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(context["exception"]))
        async with running(routers()[:1], on_event=on_event):
            await asyncio.sleep(60)

    with host.enter(), pytest.raises(asyncio.CancelledError):
        asyncio.run(program())
    assert [type(one) for one in reported] == [Mishap]
    assert own(host) == HOST_OWN


ENTRY = {"vrid": 51, "interface_name": "eth0", "ip_addresses": ["192.0.2.100/24"]}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([ENTRY], r"virtual_routers\[0\]: a dict is not a VirtualRouter; write VirtualRouter\(\*\*entry\)"),
        ((one for one in [7]), r"virtual_routers\[0\]: an int is not a VirtualRouter"),
        (VirtualRouter(**ENTRY), "virtual_routers: a VirtualRouter is not a list; allowed: a list of VirtualRouter"),  # type: ignore[arg-type]
        (None, "virtual_routers: a NoneType is not a list"),
        ("eth0", r"virtual_routers\[3\]: a str is not a VirtualRouter"),
    ],
)
def test_what_is_no_list_of_virtual_routers_is_told_in_our_own_words(given: Any, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        asyncio.run(run(given))
