"""How an agent is started: the descriptors that it finds, and a system that has no room for it."""

import errno
import os
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from failover.engine.agent_link.agent_process import AgentProcess
from failover.engine.agent_link.channel import Channel
from failover.engine.events import EventSink
from failover.engine.loop.loop import Loop
from failover.engine.process.child import search_path
from failover.messages import CHANNEL_FD, LISTENER_FD, Dropped
from tests.engine.daemons import PACKAGE

PROGRAM = f"""#!/bin/sh
readlink /proc/self/fd/{CHANNEL_FD} /proc/self/fd/{LISTENER_FD} > {{output}}.new
echo "$1 $2" >> {{output}}.new
shift 3
echo "$@" >> {{output}}.new
first=$(readlink /proc/$$/fd/0 /proc/$$/fd/1)
echo "$first" >> {{output}}.new
for number in 2 3 4 5 6 7 8 9; do [ -e /proc/$$/fd/$number ] && echo $number >> {{output}}.new; done
mv {{output}}.new {{output}}
exec cat <&{CHANNEL_FD} > /dev/null
"""


@pytest.fixture
def loop() -> Iterator[Loop]:
    with closing(Loop()) as made:
        yield made


class Stage:
    """An `AgentProcess` whose agent is a shell script that writes what it finds."""

    def __init__(self, loop: Loop, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.output = directory / "output"
        script = directory / "python"
        script.write_text(PROGRAM.format(output=self.output))
        script.chmod(0o700)
        monkeypatch.setattr(sys, "executable", str(script))
        self.loop = loop
        self.channel = Channel(loop, lambda _: None)
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.greeted = 0
        self.events = EventSink(lambda event, _: self.channel.send(event), loop.clock.wall, lambda _: None)
        self.agent = AgentProcess(loop, self.channel, [self.listener.fileno()], ["--option"], self.events, self.greet)

    def greet(self) -> None:
        self.greeted += 1
        self.channel.send(Dropped(0))

    def found(self) -> list[str]:
        while not self.output.exists():
            pass
        return self.output.read_text().splitlines()

    def close(self) -> None:
        self.agent.stop()
        self.listener.close()


@pytest.fixture
def stage(loop: Loop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    with closing(Stage(loop, tmp_path, monkeypatch)) as made:
        yield made


def inode(descriptor: int) -> str:
    return str(Path(f"/proc/self/fd/{descriptor}").readlink())


def test_it_finds_channel_and_listener_at_their_numbers(stage: Stage) -> None:
    stage.agent.start()
    channel, listener, *_ = stage.found()
    assert listener == inode(stage.listener.fileno())
    assert channel.startswith("socket:")
    assert channel != listener


def test_it_is_this_python_isolated_with_the_options(stage: Stage) -> None:
    stage.agent.start()
    assert stage.found()[2] == "-I -c"
    assert stage.found()[3].split()[-2:] == ["failover.agent", "--option"]
    assert stage.greeted == 1


def test_it_has_no_descriptor_but_what_it_needs(stage: Stage, tmp_path: Path) -> None:
    """Also none that this process had from its own parent, and that any program would inherit."""
    leaked = [os.open("/dev/null", os.O_RDONLY), os.open(tmp_path, os.O_RDONLY)]
    try:
        for descriptor in leaked:
            os.set_inheritable(descriptor, True)
        stage.agent.start()
        found = stage.found()[4:]
    finally:
        for descriptor in leaked:
            os.close(descriptor)
    assert found == ["/dev/null", "/dev/null", "2", str(CHANNEL_FD), str(LISTENER_FD)]


def test_modules_are_looked_for_where_ours_are_and_not_where_a_script_or_the_start_was(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    home = str(PACKAGE.parent)
    for path, expected in (
        (["/started/here", "/a", home], ["/a", home]),
        ([home, "/a"], ["/a", home]),  # the package itself is there
        (["", "/a", "relative", home], ["/a", home]),
    ):
        monkeypatch.setattr(sys, "path", path)
        assert search_path() == expected


def test_it_is_spawned_inside_what_keeps_it_ordinary(
    loop: Loop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    spawn = os.posix_spawn

    @contextmanager
    def aside() -> Iterator[None]:
        told.append("aside")
        yield
        told.append("back")

    def spawning(*arguments: Any, **options: Any) -> int:
        told.append("spawned")
        return spawn(*arguments, **options)

    with closing(Stage(loop, tmp_path, monkeypatch)) as stage:
        monkeypatch.setattr(os, "posix_spawn", spawning)
        agent = AgentProcess(loop, stage.channel, [stage.listener.fileno()], [], stage.events, stage.greet, aside)
        agent.start()
        assert told == ["aside", "spawned", "back"]
        agent.stop()


def run_until(loop: Loop, condition: Callable[[], bool]) -> None:
    while not condition():
        loop.wait()


@pytest.mark.parametrize("broken", ["posix_spawn", "pidfd_open"])
def test_a_system_without_room_for_another_agent_is_asked_again(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    stage.agent.start()
    stage.found()
    asked: list[int] = []

    def refuse(*_: object, **__: object) -> int:
        asked.append(1)
        raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    with monkeypatch.context() as patch:
        patch.setattr(os, broken, refuse)
        stage.channel.close()  # it ends
        run_until(stage.loop, lambda: len(asked) == 2)
    run_until(stage.loop, lambda: stage.greeted == 2)
    stage.agent.stop()
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_an_agent_that_is_still_starting_is_given_the_time_to_tell_what_it_was_told(
    loop: Loop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a busy machine it takes longer than the engine waits for one that runs."""
    stage = Stage(loop, tmp_path, monkeypatch)
    Path(sys.executable).write_text(f"#!/bin/sh\nsleep 0.9\ntouch {stage.output}\n")
    stage.agent.start()
    stage.close()
    assert stage.output.exists()


def test_stopping_waits_for_the_agent_and_kills_one_that_stays(
    loop: Loop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = Stage(loop, tmp_path, monkeypatch)
    Path(sys.executable).write_text("#!/bin/sh\nexec sleep 60\n")
    stage.agent.start()
    stage.close()
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)
    stage.agent.stop()
