"""The lower limit: bare Python loops in the same lab that send, receive, add addresses and announce them.

And one that only sends on time, beside two processes that use all CPU: how evenly can that be done?
"""

import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Final

from benchmarks.arena import arena
from benchmarks.bare import BEAT_NANOSECONDS, ROUTERS
from benchmarks.hogs import hogs
from benchmarks.machine import Rest
from benchmarks.plan import Plan
from benchmarks.quantiles import deviations, quantile
from benchmarks.registry import Scenario
from benchmarks.results import Measurement
from benchmarks.rounds import Round
from benchmarks.scenarios.spacing import HOGS, MILLI, QUANTILES
from failover.lab.network.lan import Host

ADDRESSES: Final = 500
WHAT: Final = {
    "send": "bare Python loop of sendto, per packet",
    "batch": "bare Python loop of sendmmsg, 64 at once, per packet",
    "receive": "bare Python loop of recv, per packet",
    "add": f"{ADDRESSES} addresses by netlink, 64 at once, per address",
    "announce": f"{ADDRESSES} gratuitous ARPs by sendmmsg, 64 at once, per address",
}


def _command(kind: str, host: Host, count: int) -> list[str]:
    return [sys.executable, "-m", "benchmarks.bare", kind, host.interface, str(host.ipv4.ip), str(count)]


def _round(count: int) -> Round:
    values: dict[str, dict[str, float]] = {}
    with arena() as made, Rest() as rest:
        for kind in ("send", "batch"):
            values[kind] = {"Python": float(made.one.run(_command(kind, made.one, count)).stdout)}
        receiver = made.two.popen(_command("receive", made.two, count), output=subprocess.PIPE)
        assert receiver.stdout
        assert receiver.stdout.readline() == b"ready\n"
        made.one.run(_command("send", made.one, count))
        values["receive"] = {"Python": float(receiver.stdout.readline())}
        receiver.wait()
        with made.capture(only=made.two):  # as where takeovers are measured
            for kind in ("add", "announce"):
                values[kind] = {"Python": float(made.two.run(_command(kind, made.two, ADDRESSES)).stdout)}
    return Round(values, rest.cpus)


def _run(plan: Plan) -> Iterator[Measurement]:
    rounds = plan.collect(lambda: _round(plan.pick(100_000, 50_000, 2_000)))
    for key, what in WHAT.items():
        yield Measurement(
            scenario="floor",
            what=what,
            unit="µs",
            samples=rounds.samples(key),
            labels={"key": key},
            rest=rounds.rest,
            dropped=rounds.dropped,
        )


def _beat_round(seconds: float) -> Round:
    beats = round((seconds + 2) * 1e9 / BEAT_NANOSECONDS)
    with arena() as made:
        made.one.popen(_command("beat", made.one, beats))
        time.sleep(1)
        with hogs(made.client, HOGS, seconds + 10), Rest() as rest, made.capture() as capture:
            time.sleep(seconds)
    adverts = capture.adverts(host="one")
    times = [[advert.at for advert in adverts if advert.vrid == vrid] for vrid in range(1, ROUTERS + 1)]
    off = [deviation / MILLI for each in times for deviation in deviations(each, BEAT_NANOSECONDS)]
    return Round({key: {"Python": quantile(off, share)} for key, share in QUANTILES.items()}, rest.cpus)


def _run_beat(plan: Plan) -> Iterator[Measurement]:
    rounds = plan.collect(lambda: _beat_round(plan.pick(12.0, 5.0, 1.0)))
    for key in QUANTILES:
        yield Measurement(
            scenario="floor/spacing",
            what=f"bare Python loop of sendmmsg: spacing off 0.01 s, {HOGS} hogs, real-time priority, {key}",
            unit="ms",
            samples=rounds.samples(key),
            labels={"key": key},
            rest=rounds.rest,
            dropped=rounds.dropped,
        )


SCENARIOS: Final = (Scenario("floor", _run), Scenario("floor/spacing", _run_beat))
