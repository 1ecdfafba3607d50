"""Tests once a minute whether a BACKUP could send, if it had to: else it would fail at the failover, and not before."""

from collections.abc import Sequence
from functools import partial
from typing import Final

from failover.engine.environment import EventLoop, Host
from failover.engine.fleet.registry import Registry
from failover.engine.port.linked import LinkedPort
from failover.engine.port.port import Port
from failover.engine.router.instance import Instance
from failover.engine.transmit.transmitter import Transmitter
from failover.vrrp import Backup, Family, Instant, seconds

_EVERY: Final = seconds(55)
"""About a minute; where it fails, at each time of housekeeping."""
_MOST_AT_ONCE: Final = 16
"""Interfaces and families in ten seconds."""


class SendTest:
    """On all ports of an engine, at its times of housekeeping: one test for all BACKUPs of a family on a port."""

    def __init__(self, loop: EventLoop, host: Host, registry: Registry, transmitter: Transmitter) -> None:
        self._loop = loop
        self._host = host
        self._registry = registry
        self._transmitter = transmitter
        self._due: dict[tuple[Port, Family], Instant] = {}

    def begin(self) -> None:
        """From now on."""
        self._loop.housekeeping.add(self._test_all)

    def close(self) -> None:
        """Test no more."""
        self._loop.housekeeping.remove(self._test_all)
        self._due.clear()

    def _test_all(self, at: Instant) -> None:
        before, self._due = self._due, {}
        left = _MOST_AT_ONCE
        for port in self._registry.ports.values():
            for family in port.families:
                # One with a virtual MAC address sends past all firewalls, and as BACKUP must not send with it at all.
                if isinstance(port, LinkedPort) or not self._backups(port, family):
                    continue
                due = before.get((port, family), at)
                if due <= at and left:
                    left -= 1
                    due = Instant(at + _EVERY)
                    self._transmitter.tell(partial(self._test, port, family, at))
                self._due[port, family] = due

    def _backups(self, port: Port, family: Family) -> Sequence[Instance]:
        """Those of a port that wait for their MASTER; the others are told that no test is for them."""
        backups = []
        for instance in self._registry.on(port):
            if isinstance(instance.state, Backup):
                if instance.family is family:
                    backups.append(instance)
            else:
                instance.reporter.is_no_backup()
        return backups

    def _test(self, port: Port, family: Family, at: Instant) -> None:
        known = port.readiness.get(family)
        if self._registry.ports.get(port.name) is not port or known is None or known.source is None:
            return
        try:
            error = self._host.try_to_send(port.name, port.ifindex, family, known.source)
        except OSError:  # the interface has gone, or there is no room: the next time
            return
        if error is not None:
            self._due[port, family] = at
        for instance in self._backups(port, family):
            instance.reporter.could_send(error, port.name, known.source, at)
