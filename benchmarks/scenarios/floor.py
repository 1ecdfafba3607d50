"""The floor under the numbers: bare Python loops on the same lab, that send, receive, add addresses, announce them."""

import subprocess
import sys
from collections.abc import Iterator
from typing import Final

from benchmarks.arena import arena
from benchmarks.machine import Rest
from benchmarks.plan import Plan
from benchmarks.registry import Scenario
from benchmarks.results import Measurement
from benchmarks.rounds import Round
from failover.lab.lan import Host

ADDRESSES: Final = 500
WHAT: Final = {
    "send": "bare Python loop of sendto, per packet",
    "batch": "bare Python loop of sendmmsg, 32 at once, per packet",
    "receive": "bare Python loop of recv, per packet",
    "add": f"{ADDRESSES} addresses by netlink, 64 at once, per address",
    "announce": f"{ADDRESSES} gratuitous ARPs by sendmmsg, 32 at once, per address",
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


SCENARIOS: Final = (Scenario("floor", _run),)
