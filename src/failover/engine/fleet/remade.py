"""What goes with an interface that is made anew, or with one family's part of it, and is not the routers' own."""

from collections.abc import Iterable, Sequence
from typing import Final

from failover.engine.environment import Host
from failover.engine.events import EventSink
from failover.engine.port.port import Port
from failover.engine.router.instance import Instance
from failover.events import Kind
from failover.linux.errors import reason
from failover.linux.faults import interface_remade
from failover.vrrp import Family, Instant, seconds
from failover.wording import Fields

_LOOK_EVERY: Final = seconds(55)
"""About a minute: looks are taken where others' work wakes us anyway. A look costs as much as two advertisements."""


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
            f"an address that is added to {interface.name} beside a virtual one may be removed with it:"
            f" promote_secondaries is off and could not be set: {reason(error)}"
        )
        events.tell(Kind.DEGRADED, {"warning": warning})


class MembershipCheck:
    """Joins again where the group was left on our behalf, by whoever closed a socket that was outdated (IPv6)."""

    def __init__(self, host: Host, events: EventSink) -> None:
        self._host = host
        self._events = events
        self._due = Instant(0)

    def look(self, ports: Iterable[Port], at: Instant) -> None:
        """Look whether the interfaces are members, once a minute."""
        if at < self._due:
            return
        self._due = Instant(at + _LOOK_EVERY)
        members = {family: self._host.members(family) for family in Family}
        for port in ports:
            excluded = port.excluded(members)
            # What is outdated has its own news to come, and its own ways.
            if excluded and not port.outdated(port.interface):
                port.follow(port.interface, excluded)
                for family in sorted(excluded):
                    self._events.tell(Kind.DEGRADED, {"warning": _told(port, family)})


def _told(port: Port, family: Family) -> str:
    fault = port.refusal(family)
    outcome = f"could not join again: {fault.detail}" if fault else "joined again"
    return f"another program removed {port.name} from the {family.label} multicast group; {outcome}"
