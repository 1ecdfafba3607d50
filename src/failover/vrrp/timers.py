"""The two timers that are computed: Skew_Time and Master_Down_Interval (RFC 9568 §6.1, RFC 3768 §6.1). Nanoseconds."""

from failover.vrrp.protocol import Version
from failover.vrrp.units import NANOSECONDS_PER_SECOND, Interval


def skew_time(version: Version, priority: int, interval: Interval) -> Interval:
    """Skew_Time: the lower the priority, the later a BACKUP takes over.

    Version 3: `(256 - priority) * interval / 256`, where `interval` is the MASTER's (RFC 9568 §6.1).
    Version 2: `(256 - priority) / 256` seconds whatever the interval (RFC 3768 §6.1).
    Not rounded to centiseconds: priority 254 at 1 s gives 7.8125 ms.
    """
    unit = interval if version is Version.V3 else NANOSECONDS_PER_SECOND
    return Interval((256 - priority) * unit // 256)


def master_down_interval(version: Version, priority: int, interval: Interval) -> Interval:
    """Master_Down_Interval: `3 * interval + Skew_Time` (RFC 9568 §6.1, where it is called Active_Down_Interval)."""
    return Interval(3 * interval + skew_time(version, priority, interval))
