"""What goes with an interface that is made anew, or with one family's part of it, and is not the routers' own."""

from collections.abc import Sequence

from failover.engine.environment import Host
from failover.engine.events import EventSink
from failover.engine.port.port import Port
from failover.engine.router.instance import Instance
from failover.events import Fields, Kind
from failover.linux.errors import reason
from failover.linux.faults import interface_remade
from failover.vrrp import Family, Instant


def begin_anew(port: Port, instances: Sequence[Instance], events: EventSink, at: Instant) -> None:
    """The interface under these instances was made anew, and they have been deaf since then.

    So a MASTER's silence proves nothing, and a BACKUP begins to listen anew. A MASTER stays one.
    """
    if not instances:
        return
    families = ", ".join(sorted({instance.router.family.label for instance in instances}))
    fields: Fields = {"interface": port.name, "families": families}
    events.tell_seldom(Kind.INTERFACE_REMADE, {"interface": port.name}, at, fields)
    for instance in instances:
        if not instance.is_master:
            instance.link_changed(interface_remade(port.name), at)


def keep_secondaries(port: Port, host: Host, events: EventSink) -> None:
    """See to it, once for an interface as it is, that no virtual address takes the host's own along when it goes."""
    interface = port.interface
    if interface is None or Family.IPV4 not in port.families or port.keeps_secondaries:
        return
    port.keeps_secondaries = True
    try:
        host.keep_secondaries(interface)
    except OSError as error:
        warning = (
            f"an address that is added to {interface.name} beside a virtual one may go with it:"
            f" promote_secondaries is off, and to set it failed: {reason(error)}"
        )
        events.tell(Kind.DEGRADED, {"warning": warning})
