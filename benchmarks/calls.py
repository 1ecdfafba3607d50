"""How many functions an engine calls to hear an advertisement. Run inside the lab, beside a MASTER.

    python -m benchmarks.calls CONFIGURATION SECONDS

Prints JSON: packets read, returns of `Loop.wait`, and how often each Python function was called meanwhile. Counting
takes longer than what is counted, so nothing is timed.
"""

import json
import sys
import time
from collections import Counter
from pathlib import Path
from types import FrameType
from typing import Final

from failover.config import parse
from failover.engine import Engine, Loop
from failover.engine.intended import intended
from failover.linux.host import LinuxHost

SETTLE_SECONDS: Final = 3.0
C_FUNCTIONS: Final = "functions in C"


class Calls:
    """Counts calls, while a profile function."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def __call__(self, frame: FrameType, event: str, _: object) -> None:
        if event == "call":
            self.counts[frame.f_code.co_qualname] += 1
        elif event == "c_call":
            self.counts[C_FUNCTIONS] += 1


def counted(engine: Engine, loop: Loop, seconds: float) -> dict[str, object]:
    """Let it hear for so long."""
    calls, waits = Calls(), 0
    before = _received(engine)
    until = time.monotonic() + seconds
    sys.setprofile(calls)
    while time.monotonic() < until:
        loop.wait()
        waits += 1
    sys.setprofile(None)
    return {"packets": _received(engine) - before, "waits": waits, "calls": calls.counts}


def _received(engine: Engine) -> int:
    return sum(instance.counters.advertisements_received for instance in engine.instances)


def main() -> None:
    """One engine."""
    loop = Loop()
    engine = Engine(intended(parse(Path(sys.argv[1]).read_text())), loop, lambda *_: None, LinuxHost())
    engine.start()
    try:
        until = time.monotonic() + SETTLE_SECONDS
        while time.monotonic() < until:
            loop.wait()
        print(json.dumps(counted(engine, loop, float(sys.argv[2]))))
    finally:
        engine.stop()


if __name__ == "__main__":
    main()
