"""The engine: the process that speaks VRRP. It never blocks: no script, no disk, no HTTP, no log of its own.

`Engine` runs virtual routers and may be driven by any loop; `daemon.run` is the process around it.
"""

from failover.engine.fleet.engine import Engine
from failover.engine.loop.loop import Loop

__all__ = ["Engine", "Loop"]
