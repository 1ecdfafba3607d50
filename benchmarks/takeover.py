"""How long after theory a BACKUP takes over from a MASTER that died: ours beside keepalived, alternately in one run.

The MASTER is the same for both (keepalived, priority 200); it is killed and its cable cut. The switch takes the times.

    python -m benchmarks.takeover [--rounds N] [--interval SECONDS ...]
"""

import argparse
from dataclasses import dataclass
from statistics import median

from failover.lab.client import Client
from failover.lab.lan import Lan
from failover.lab.measure import takeovers
from failover.lab.router import Daemon, Router, RouterSpec
from failover.lab.waiting import wait_until
from tests.lab.keepalived import Keepalived

VIRTUAL = "192.0.2.100"
PROBE_SECONDS = 0.001


@dataclass(frozen=True)
class Sample:
    """One death of a MASTER, in milliseconds."""

    excess: float
    """From the last advert of the old MASTER to the first of the new one, less the master-down interval."""
    announced: float
    """From that first advert to the first gratuitous ARP."""
    answered: float
    """From that first advert to the sending of the first probe that the new MASTER answered; probes leave each ms."""


def sample(backup: type[Router], interval: float) -> Sample:
    """Let a MASTER die in front of `backup`."""
    with Lan() as lan:
        capture = lan.capture()
        one, two = lan.host("one", "192.0.2.1/24"), lan.host("two", "192.0.2.2/24")
        observer = lan.host("client", "192.0.2.9/24")
        spec = RouterSpec(addresses=(f"{VIRTUAL}/24",), interval=interval)
        master = Keepalived(one, RouterSpec(addresses=(f"{VIRTUAL}/24",), interval=interval, priority=200))
        heir = backup(two, spec)
        master.start()
        heir.start()
        # In office, and heard by the other for long enough to be sure that it is ready.
        wait_until(lambda: len(capture.adverts(host="one")) > 3 + 4 / interval, "the MASTER is in office", 30)
        with Client(observer, VIRTUAL, interval=PROBE_SECONDS) as client:
            client.wait_for_answer()
            master.kill()
            lan.cut(one)
            wait_until(lambda: len(capture.adverts(host="two")) > 1, "the BACKUP has taken over", 30)
            takeover = takeovers(capture.adverts())[-1]
            wait_until(lambda: _answered(client, takeover.first.at) is not None, "the client is served", 30)
            answered = _answered(client, takeover.first.at)
            claims = [claim.at for claim in capture.claims(host="two", since=takeover.last.at)]
    assert answered is not None
    first = takeover.first.at
    return Sample(
        excess=(takeover.gap - spec.master_down_interval) / 1e6,
        announced=(claims[0] - first) / 1e6,
        answered=max(0, answered - first) / 1e6,
    )


def _answered(client: Client, since: int) -> int | None:
    margin = round(2 * PROBE_SECONDS * 1e9)
    return min((p.sent for p in client.probes() if p.sent > since - margin and p.answered is not None), default=None)


def main() -> None:
    """Print a Markdown table of medians."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--interval", type=float, action="append", help="seconds; may be repeated")
    arguments = parser.parse_args()
    drivers: tuple[type[Router], ...] = (Daemon, Keepalived)
    print("| interval | program | excess ms, median (min to max) | to the first ARP ms | to the first answer ms |")
    print("|---|---|---|---|---|")
    for interval in arguments.interval or [1.0, 0.1, 0.01]:
        samples: dict[str, list[Sample]] = {driver.program: [] for driver in drivers}
        for _ in range(arguments.rounds):
            for driver in drivers:
                samples[driver.program].append(sample(driver, interval))
        for program, found in samples.items():
            excess = sorted(one.excess for one in found)
            print(
                f"| {interval:g} s | {program} | {median(excess):.3f} ({excess[0]:.3f} to {excess[-1]:.3f}) "
                f"| {median(one.announced for one in found):.3f} | {median(one.answered for one in found):.3f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
