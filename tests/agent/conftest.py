"""An agent for each test that asks for one, and clients of it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.agent.agents import Agent, Talk


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[Agent]:
    made = Agent(tmp_path)
    yield made
    made.close()


@pytest.fixture
def talk(agent: Agent) -> Iterator[Callable[[], Talk]]:
    made: list[Talk] = []

    def begin() -> Talk:
        made.append(Talk(agent.control))
        return made[-1]

    yield begin
    for one in made:
        one.socket.close()
