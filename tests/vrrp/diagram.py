"""Writes and draws `docs/state-machine.md` by exploring `step()`: what it really does, not what somebody remembers.

`python -m tests.vrrp.diagram` writes the page, `test_diagram.py` keeps it current.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, assert_never, get_args

from failover.vrrp import (
    Action,
    AdvertisementReceived,
    Backup,
    Cause,
    ConfigChanged,
    Event,
    Fault,
    Initialize,
    Instant,
    LinkChanged,
    Master,
    PriorityChanged,
    ReportOddity,
    SendAdvertisement,
    Shutdown,
    Startup,
    State,
    StateChanged,
    VirtualRouter,
    Wakeup,
    deadline,
    initial_state,
    seconds,
    state_name,
    step,
)
from failover.vrrp.protocol import PRIORITY_OWNER, PRIORITY_RESIGN
from tests.vrrp.making import GREATER, NO_CARRIER, NOW, SMALLER, a_router, after, an_advertisement
from tests.vrrp.picture import draw

PAGE: Final = Path(__file__).parents[2] / "docs" / "state-machine.md"
PICTURE: Final = PAGE.with_suffix(".svg")

ACTIONS: Final = {
    "SendAdvertisement": "advertise",
    "InstallAddresses": "install",
    "WithdrawAddresses": "withdraw",
    "AnnounceAddresses": "announce",
}
FAULTS: Final = (NO_CARRIER, Fault("interface_missing", "interface eth0 does not exist"))
HEAD: Final = """\
# The state machine

Generated from `failover.vrrp.step` by `python -m tests.vrrp.diagram`; a test keeps it current. Each arrow has
the cause of its transition. Events that change no state are not drawn, unless they are reported.

![The states, and the causes that lead from one to the other](state-machine.svg)

"""


@dataclass(frozen=True, slots=True, order=True)
class Transition:
    """One arrow: the names of the states, of the cause, and what is done on the way."""

    source: str
    target: str
    cause: str
    actions: tuple[str, ...]


def explore() -> set[Transition]:
    """Every transition that the events below lead to, from every state that they lead to."""
    found: set[Transition] = set()
    router = a_router()
    seen = set[object]()
    waiting: list[tuple[VirtualRouter, State, Instant]] = [(router, initial_state(router), NOW)]
    while waiting:
        router, state, now = waiting.pop()
        for then, event, at in _events(router, state, now):
            outcome = step(then, state, event, at)
            found |= {
                _transition(action, outcome.actions) for action in outcome.actions if isinstance(action, StateChanged)
            }
            shape = _shape(then, outcome.state)
            if shape not in seen:
                seen.add(shape)
                waiting.append((then, outcome.state, at))
    return found


def page() -> str:
    """The whole page: the table, the causes."""
    transitions = sorted(explore(), key=_reading_order)
    return HEAD + "\n".join([*_table(transitions), "", *_causes()]) + "\n"


def picture() -> str:
    """The drawing."""
    arrows: dict[tuple[str, str], list[str]] = {}
    for transition in sorted(explore(), key=_reading_order):
        causes = arrows.setdefault((transition.source, transition.target), [])
        if transition.cause not in causes:
            causes.append(transition.cause)
    return draw(arrows)


def _events(router: VirtualRouter, state: State, now: Instant) -> Iterator[tuple[VirtualRouter, Event, Instant]]:
    due = deadline(state) or now
    for event in (Startup(), Shutdown(), LinkChanged(None)):
        yield router, event, now
    for fault in FAULTS:
        yield router, Startup(fault), now
        yield router, LinkChanged(fault), now
    for at in (now, due, after(due, seconds(100))):
        yield router, Wakeup(), at
        for priority in (PRIORITY_RESIGN, 99, 100, 101, PRIORITY_OWNER):
            for source in (SMALLER, GREATER):
                heard = an_advertisement(router, priority=priority)
                yield router, AdvertisementReceived(heard, source[router.family]), at
        for priority in (100, PRIORITY_OWNER):
            changed = replace(router, priority=priority)
            yield changed, PriorityChanged(router.priority), at
            yield changed, ConfigChanged(router), at


def _shape(router: VirtualRouter, state: State) -> object:
    """States that differ only in times and evidence are one."""
    match state:
        case Initialize():
            detail: tuple[object, ...] = (state.fault,)
        case Backup():
            detail = (state.master is None, state.resigned, state.outranked is None)
        case Master():
            detail = (state.repeat_announcements_at is None,)
        case _:
            assert_never(state)
    return router.priority, type(state), detail


def _transition(change: StateChanged, actions: tuple[Action, ...]) -> Transition:
    return Transition(
        _name(change.previous),
        _name(change.current),
        type(change.cause).__name__,
        tuple(_verb(action) for action in actions if not isinstance(action, StateChanged | ReportOddity)),
    )


def _name(state: State) -> str:
    faulted = isinstance(state, Initialize) and state.fault is not None
    return state_name(state) + (" (fault)" if faulted else "")


def _verb(action: Action) -> str:
    verb = ACTIONS[type(action).__name__]
    return f"{verb} 0" if isinstance(action, SendAdvertisement) and action.priority == PRIORITY_RESIGN else verb


def _reading_order(transition: Transition) -> tuple[int, int, int]:
    states = ["INITIALIZE", "INITIALIZE (fault)", "BACKUP", "MASTER"]
    causes = [cause.__name__ for cause in get_args(Cause)]
    return states.index(transition.source), states.index(transition.target), causes.index(transition.cause)


def _table(transitions: list[Transition]) -> Iterator[str]:
    yield "| from | to | cause | actions, in this order |"
    yield "|---|---|---|---|"
    for transition in transitions:
        actions = ", ".join(transition.actions) or "none"
        yield f"| {transition.source} | {transition.target} | `{transition.cause}` | {actions} |"


def _causes() -> Iterator[str]:
    yield "| cause | meaning |"
    yield "|---|---|"
    for cause in get_args(Cause):
        yield f"| `{cause.__name__}` | {' '.join(str(cause.__doc__).split())} |"


if __name__ == "__main__":
    PAGE.write_text(page())
    PICTURE.write_text(picture())
