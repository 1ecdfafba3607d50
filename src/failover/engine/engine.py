"""The engine: all virtual routers of a configuration, their interfaces, and the network's changes.

It owns descriptors and no process: the daemon (`daemon`) and the library drive it through `fileno` and `dispatch`.
"""

from collections.abc import Callable

from failover.config import Configuration
from failover.config import VirtualRouter as Entry
from failover.config import instances as protocol_instances
from failover.engine.attachment import Attachment, Footing
from failover.engine.instance import Instance
from failover.engine.lateness import next_beat
from failover.engine.loop import Loop
from failover.engine.prepared import mtu_fault
from failover.engine.reporting import Fields, Hush, master_down_interval, wall_clock
from failover.linux.addresses import prepare_remove
from failover.linux.errors import reason
from failover.linux.interfaces import Interface, Interfaces
from failover.linux.netlink_socket import Netlink
from failover.linux.readiness import fault as find_fault
from failover.linux.readiness import source_address
from failover.linux.secondaries import keep_secondaries
from failover.linux.timer import now
from failover.messages import Event, RouterStatus
from failover.vrrp import Address, Family, Fault, Instant, VirtualAddress, VirtualRouter, seconds, to_seconds
from failover.vrrp.protocol import family_of

TOLERATED_LATENESS = 1 / 4
"""Of the shortest master-down interval. What is later than that, and a lost packet or two, is a failover."""

_READS_AT_ONCE = 64
"""Bounds the notifications of a storm that are read before anything else has its turn."""
_READ_AGAIN_AFTER = seconds(0.2)

Publish = Callable[[Event, RouterStatus | None], None]
"""Called with everything that happens, and the router's status after it; must not block, must not raise."""


class Engine:
    """Runs virtual routers. `start`, then `dispatch` whenever `fileno` is readable, at last `stop`."""

    def __init__(self, configuration: Configuration, loop: Loop, publish: Publish) -> None:
        """Open netlink. Nothing is sent or changed before `start`; `OSError` says what could not be opened."""
        self._loop = loop
        self._publish = publish
        self._netlink = Netlink()
        try:
            self._interfaces = Interfaces(self._netlink)
        except OSError:
            self._netlink.close()
            raise
        self._watched: int | None = None
        self._keeping: set[int] = set()
        self._read_again = loop.alarm(lambda _: self._network_changed())
        self._watching = loop.alarm(self._watch_lateness)
        self._hush = Hush()
        self._attachments: dict[str, Attachment] = {}
        self.instances: list[Instance] = []
        for entry in configuration.virtual_routers:
            for router in protocol_instances(entry):
                self._add(entry, router)

    def _add(self, entry: Entry, router: VirtualRouter) -> None:
        name = entry.interface_name
        attachment = self._attachments.get(name)
        if attachment is None:
            attachment = self._attachments[name] = Attachment(name, self._loop, self._netlink)
        instance = Instance(entry.name, name, router, self._loop, self._tell)
        attachment.instances[router.family, router.vrid] = instance
        self.instances.append(instance)

    # --- the life of the engine

    def start(self) -> None:
        """Begin an election for every router that can run; `PermissionError` where sockets are not allowed at all."""
        at = now()
        # Whatever can be refused comes first: a router that has become MASTER is not to be taken back.
        for attachment in self._attachments.values():
            attachment.seen = self._interfaces.get(attachment.name)
            attachment.follow(attachment.seen)
            for refused in attachment.refused.values():
                if isinstance(refused, PermissionError):
                    raise refused
        for attachment in self._attachments.values():
            attachment.footing = self._footing(attachment)
            self._keep_secondaries(attachment)
            self._remove_leftovers(attachment)
            for instance in attachment.instances.values():
                instance.start(self._stand(instance, attachment, at), at)
        self._watched = self._interfaces.fileno()
        self._loop.watch(self._watched, self._network_changed)
        self._watch_lateness(at)

    def stop(self) -> None:
        """Priority 0 for whatever is MASTER, addresses removed, everything closed; also after a start that failed."""
        at = now()
        for instance in self.instances:
            instance.stop(at)
        self._read_again.set(None)
        self._watching.set(None)
        if self._watched is not None:
            self._loop.forget(self._watched)
            self._watched = None
        for attachment in self._attachments.values():
            attachment.close()
        self._interfaces.close()
        self._netlink.close()

    def status(self) -> list[RouterStatus]:
        """All routers, in the order of the configuration."""
        return [instance.status() for instance in self.instances]

    # --- its own punctuality

    def _watch_lateness(self, at: Instant) -> None:
        """Say so, seldom, when we are so late that this host may change states for no other reason (RFC 9568 §2.5)."""
        late = self._loop.lateness.turn(at)
        shortest = min(master_down_interval(instance.router, instance.state) for instance in self.instances)
        if late > shortest * TOLERATED_LATENESS and (suppressed := self._hush.admit("late", at)) is not None:
            fields: Fields = {"late_seconds": to_seconds(late), "master_down_interval_seconds": to_seconds(shortest)}
            if suppressed:
                fields["suppressed"] = suppressed
            self._publish(Event(at=wall_clock(), kind="late", fields=fields), None)
        self._watching.set(next_beat(at))

    # --- the network

    def _network_changed(self) -> None:
        # Until nothing is left: in the middle of a storm the table shows addresses missing that are back already.
        for _ in range(_READS_AT_ONCE):
            try:
                if not self._interfaces.read().interfaces:
                    break
            except OSError as error:
                self._unread(error)
                break
        at = now()
        for attachment in self._attachments.values():
            interface = self._interfaces.get(attachment.name)
            # Not `Changes`: an address that we put back and somebody removed again before we read of either has
            # changed nothing, and yet is gone.
            if interface is not attachment.seen:
                self._update(attachment, interface, at)

    def _unread(self, error: OSError) -> None:
        """Notifications were lost and listing failed: try again soon, nothing else would wake us for it."""
        self._read_again.set(Instant(now() + _READ_AGAIN_AFTER))
        self._publish(Event(at=wall_clock(), kind="network_unread", fields={"error": reason(error)}), None)

    def _update(self, attachment: Attachment, interface: Interface | None, at: Instant) -> None:
        attachment.seen = interface
        footing = self._footing(attachment)
        masters = [instance for instance in attachment.instances.values() if instance.is_master]
        if footing != attachment.footing or not attachment.serves(interface):
            self._move(attachment, interface, footing, at)
        # What they have just given up is still in the table; we are called again when it no longer is.
        if all(instance.is_master for instance in masters):
            self._remove_strays(attachment, at)
        there = frozenset(assigned.address for assigned in interface.addresses) if interface else frozenset()
        for instance in attachment.instances.values():
            instance.addresses_present(there, at)

    def _move(
        self, attachment: Attachment, interface: Interface | None, footing: dict[Family, Footing], at: Instant
    ) -> None:
        """The ground has changed: give up what no longer holds, then go on, or begin anew, with what is there now."""
        attachment.footing = footing
        instances = attachment.instances.values()
        for instance in instances:
            fault = footing[instance.router.family].fault
            if fault is not None:
                instance.link_changed(fault, at)  # while the sockets are still those of the old interface
        recovered = {
            instance.router.family
            for instance in instances
            if instance.is_faulted and footing[instance.router.family].fault is None
        }
        attachment.follow(interface)
        self._keep_secondaries(attachment)
        attachment.rejoin(recovered)
        if recovered:
            self._remove_leftovers(attachment)
        for instance in instances:
            instance.link_changed(self._stand(instance, attachment, at), at)

    def _keep_secondaries(self, attachment: Attachment) -> None:
        """See to it, once for an interface, that no virtual address takes the host's own along when it goes."""
        interface = attachment.interface
        if interface is None or Family.IPV4 not in attachment.families or interface.ifindex in self._keeping:
            return
        self._keeping.add(interface.ifindex)
        try:
            keep_secondaries(self._netlink, interface)
        except OSError as error:
            warning = (
                f"an address that is added to {interface.name} beside a virtual one may go with it:"
                f" promote_secondaries is off, and to set it failed: {reason(error)}"
            )
            self._publish(Event(at=wall_clock(), kind="degraded", fields={"warning": warning}), None)

    def _stand(self, instance: Instance, attachment: Attachment, at: Instant) -> Fault | None:
        """Put an instance on its interface as that is now; the fault where it cannot stand there."""
        footing, interface = attachment.footing[instance.router.family], attachment.interface
        fault = footing.fault or attachment.refusal(instance.router.family)
        if fault is not None or interface is None or footing.source is None:
            return fault
        too_long = mtu_fault(instance.router, interface.name, footing.mtu)
        if too_long is not None:
            return too_long
        instance.stand(attachment, footing.source, _foreign(instance, interface), at)
        return None

    def _footing(self, attachment: Attachment) -> dict[Family, Footing]:
        interface = self._interfaces.get(attachment.name)
        virtual = _virtual_addresses(attachment)
        return {
            family: Footing(
                fault=find_fault(attachment.name, interface, family, virtual),
                source=source_address(interface, family, virtual) if interface else None,
                mac=interface.mac if interface else b"",
                mtu=interface.mtu if interface else 0,
            )
            for family in attachment.families
        }

    def _remove_leftovers(self, attachment: Attachment) -> None:
        """Take off what a daemon that was killed has left, known by its tag, and what else nobody holds here."""
        left = self._unheld(attachment, tagged_too=True)
        if left:
            fields = self._remove(attachment, left)
            self._publish(Event(at=wall_clock(), kind="leftovers_removed", fields=fields), None)

    def _remove_strays(self, attachment: Attachment, at: Instant) -> None:
        """Take off virtual addresses that somebody else put there: in BACKUP they must not answer (RFC 9568 §6.4.2)."""
        strays = self._unheld(attachment, tagged_too=False)
        if strays:
            fields = self._remove(attachment, strays)
            if self._hush.admit(attachment.name, at) is not None:
                self._publish(Event(at=wall_clock(), kind="strays_removed", fields=fields), None)

    def _unheld(self, attachment: Attachment, *, tagged_too: bool) -> tuple[VirtualAddress, ...]:
        """The addresses on an interface that belong to its routers, and that none of them holds now.

        With another prefix length they are as good as held by nobody. An address owner's addresses are the host's
        own. Nor is one counted that leaves its family without a source: no router could run then, and the host may be
        reachable by that address alone.
        """
        interface = attachment.seen
        if interface is None:
            return ()
        held = {a for i in attachment.instances.values() if i.is_master for a in i.router.held_addresses}
        mine = {
            address
            for address in _virtual_addresses(attachment)
            if attachment.footing[family_of(address)].source is not None
        }
        return tuple(
            assigned.address
            for assigned in interface.addresses
            if assigned.address not in held and ((tagged_too and assigned.is_tagged) or assigned.address.ip in mine)
        )

    def _remove(self, attachment: Attachment, addresses: tuple[VirtualAddress, ...]) -> Fields:
        """Take addresses off; what there is to tell of it."""
        index = attachment.seen.ifindex if attachment.seen else 0
        failures = self._netlink.apply(prepare_remove(index, addresses))
        return {
            "interface": attachment.name,
            "addresses": ", ".join(map(str, addresses)),
            "failed": len(failures),
        }

    def _tell(self, event: Event, instance: Instance) -> None:
        self._publish(event, instance.status())


def _virtual_addresses(attachment: Attachment) -> frozenset[Address]:
    """What no advertisement may be sent from, because it is another host's in a moment (RFC 9568 §5.1.1.1)."""
    routers = (instance.router for instance in attachment.instances.values())
    return frozenset(a.ip for router in routers if not router.is_address_owner for a in router.held_addresses)


def _foreign(instance: Instance, interface: Interface | None) -> frozenset[VirtualAddress]:
    """The virtual addresses that are the host's own: an address owner's, where the administrator configured them."""
    if interface is None or not instance.router.is_address_owner:
        return frozenset()
    own = {assigned.address for assigned in interface.addresses if not assigned.is_tagged}
    return frozenset(address for address in instance.router.held_addresses if address in own)
