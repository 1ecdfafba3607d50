"""The kinds of events: the closed list of what the daemon reports, each with its severity, evidence and words."""

from failover.events.described import Severity
from failover.events.kinds import KINDS, Kind

__all__ = ["KINDS", "Kind", "Severity"]
