"""Single steps of the daemon, without network: codec, receive, state machine, shortcut, alarms."""

from collections.abc import Callable, Iterator
from ipaddress import IPv4Address, IPv4Interface
from typing import Final

from benchmarks.machine import Rest
from benchmarks.packets import message
from benchmarks.plan import Plan
from benchmarks.registry import Scenario
from benchmarks.results import OURS, Measurement
from benchmarks.rounds import Round
from benchmarks.timing import Effort, nanoseconds
from failover.engine.loop.alarms import AlarmQueue
from failover.lab.router import RouterSpec
from failover.linux.clock import now
from failover.vrrp import (
    Advertisement,
    AdvertisementReceived,
    Backup,
    ChecksumForm,
    Instant,
    Master,
    ReceivedFrom,
    Startup,
    State,
    Version,
    VirtualRouter,
    Wakeup,
    deadline,
    encode,
    initial_state,
    receive,
    seconds,
    step,
)
from failover.vrrp.machine.fast_path import heard_again, settled_for
from failover.vrrp.protocol import HOP_LIMIT, Family
from failover.vrrp.scope import GROUPS

OURSELVES: Final = IPv4Address("10.0.0.1")
PEER: Final = IPv4Address("10.0.0.2")
INTERVAL: Final = seconds(0.1)
ALARMS: Final = 1000


def _router(priority: int) -> VirtualRouter:
    return VirtualRouter(
        vrid=1,
        addresses=(IPv4Interface("10.0.1.1/16"),),
        primary_address=OURSELVES,
        priority=priority,
        advertisement_interval=INTERVAL,
    )


def _payload(addresses: int) -> bytes:
    listed = tuple(f"10.0.1.{number + 1}/16" for number in range(addresses))
    return message(RouterSpec(addresses=listed, vrid=1, interval=0.1, priority=200), str(PEER))


def _started(router: VirtualRouter) -> State:
    return step(router, initial_state(router), Startup(None), Instant(0)).state


def _encoding(addresses: int) -> Callable[[], object]:
    advertisement = Advertisement(
        version=Version.V3,
        vrid=1,
        priority=200,
        interval=INTERVAL,
        addresses=tuple(IPv4Address("10.0.1.1") + number for number in range(addresses)),
        checksum=ChecksumForm.PSEUDO_HEADER,
    )
    return lambda: encode(advertisement, PEER)


def _receiving(addresses: int) -> Callable[[], object]:
    router, payload = _router(100), _payload(addresses)
    meta = ReceivedFrom(PEER, GROUPS[Family.IPV4], HOP_LIMIT)
    return lambda: receive(payload, meta, router)


def _heard() -> AdvertisementReceived:
    outcome = receive(_payload(1), ReceivedFrom(PEER, GROUPS[Family.IPV4], HOP_LIMIT), _router(100))
    assert isinstance(outcome, Advertisement)
    return AdvertisementReceived(outcome, PEER)


def _master_beat() -> Callable[[], object]:
    router = _router(255)
    state = _started(router)
    assert isinstance(state, Master)
    due = deadline(state)
    assert due is not None
    return lambda: step(router, state, Wakeup(), due)


def _backup() -> tuple[VirtualRouter, Backup, AdvertisementReceived, Instant]:
    router, event, now = _router(100), _heard(), Instant(1_000_000)
    state = step(router, _started(router), event, now).state
    assert isinstance(state, Backup)
    return router, state, event, Instant(now + INTERVAL)


def _backup_hears() -> Callable[[], object]:
    router, state, event, now = _backup()
    return lambda: step(router, state, event, now)


def _settling() -> Callable[[], object]:
    router, state, event, now = _backup()
    outcome = step(router, state, event, now)
    assert settled_for(event, outcome, now) is not None
    return lambda: settled_for(event, outcome, now)


def _hearing_again() -> Callable[[], object]:
    _, state, _, now = _backup()
    return lambda: heard_again(state, now)


def _alarm_moves() -> Callable[[], object]:
    """What each received advertisement does: one alarm of many moves later."""
    queue = AlarmQueue(lambda _: None, now)
    alarms = [queue.alarm(lambda _: None) for _ in range(ALARMS)]
    for number, alarm in enumerate(alarms):
        alarm.set(Instant(number))
    later = Instant(10 * ALARMS)
    return lambda: alarms[-1].set(later)


def _alarm_rings() -> Callable[[], object]:
    """What each beat does: the earliest alarm of many rings, and is set behind the others."""
    queue = AlarmQueue(lambda _: None, now)
    alarms = [queue.alarm(lambda _: None) for _ in range(ALARMS)]
    times = [0]

    def beat() -> None:
        at = times[0]
        times[0] += 1
        queue.ring(Instant(at), Instant(at))
        alarms[at % ALARMS].set(Instant(at + ALARMS))

    for number, alarm in enumerate(alarms):
        alarm.set(Instant(number))
    return beat


STEPS: Final[dict[str, Callable[[], Callable[[], object]]]] = {
    "encode, 1 address": lambda: _encoding(1),
    "encode, 20 addresses": lambda: _encoding(20),
    "receive() with decode, 1 address": lambda: _receiving(1),
    "receive() with decode, 20 addresses": lambda: _receiving(20),
    "step(), MASTER, Wakeup that advertises": _master_beat,
    "step(), BACKUP, advertisement": _backup_hears,
    "shortcut, finding that a packet is settled": _settling,
    "shortcut, state after it came again": _hearing_again,
    f"alarm moved later, among {ALARMS}": _alarm_moves,
    f"alarm rings and is set again, among {ALARMS}": _alarm_rings,
}


def _round(effort: Effort) -> Round:
    with Rest() as rest:
        values = {what: {OURS: nanoseconds(build(), effort)} for what, build in STEPS.items()}
    return Round(values, rest.cpus)


def _run(plan: Plan) -> Iterator[Measurement]:
    effort = plan.pick(Effort(0.1, 7), Effort(0.05, 5), Effort(0.001, 1))
    rounds = plan.collect(lambda: _round(effort))
    for what in STEPS:
        yield Measurement(
            scenario="micro",
            what=what,
            unit="ns",
            samples=rounds.samples(what),
            rest=rounds.rest,
            dropped=rounds.dropped,
        )


SCENARIOS: Final = (Scenario("micro", _run),)
