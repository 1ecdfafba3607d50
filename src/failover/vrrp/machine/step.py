"""`step()`: the state machine of RFC 9568 §6.4. INITIALIZE is here, BACKUP in `backup`, MASTER in `master`.

Pure: the same router, state, event and `now` always give the same step. The deadline is part of the state
(`states.deadline`), so there is no timer to start or cancel. These three files, with `transitions` and `peers`, decide
every transition; nothing else does.
"""

from dataclasses import replace
from typing import assert_never

from failover.vrrp.machine.backup import step_backup
from failover.vrrp.machine.causes import Faulted, ShutDown, Started
from failover.vrrp.machine.events import ConfigChanged, Event, LinkChanged, Shutdown, Startup
from failover.vrrp.machine.master import step_master
from failover.vrrp.machine.peers import configured_checksum
from failover.vrrp.machine.states import Backup, Initialize, Master, State
from failover.vrrp.machine.transitions import Step, to_backup, to_initialize, to_master
from failover.vrrp.router import VirtualRouter
from failover.vrrp.units import Instant


def initial_state(router: VirtualRouter) -> Initialize:
    """The state of a router that has not been started: INITIALIZE, no fault."""
    return Initialize(router.initial_checksum)


def step(router: VirtualRouter, state: State, event: Event, now: Instant) -> Step:
    """What `event` at `now` does to a virtual router in `state`.

    For `ConfigChanged` and `PriorityChanged`, `router` is already the new one. Any event is allowed in any state.
    """
    match state:
        case Initialize():
            return _step_initialize(router, state, event, now)
        case Backup():
            return step_backup(router, state, event, now)
        case Master():
            return step_master(router, state, event, now)
        case _:
            assert_never(state)


def _step_initialize(router: VirtualRouter, state: Initialize, event: Event, now: Instant) -> Step:
    """RFC 9568 §6.4.1: only Startup leads out of INITIALIZE, or the end of the fault that delayed it."""
    match event:
        case Startup(fault=None):
            return _start(router, state, now)
        case Startup(fault=fault) | LinkChanged(fault=fault) if fault is not None:
            # A router that was never started, or was stopped, takes no notice of its link.
            waiting = isinstance(event, Startup) or state.fault is not None
            return to_initialize(router, state, Faulted(fault)) if waiting and fault != state.fault else Step(state)
        case LinkChanged() if state.fault is not None:
            return _start(router, state, now)
        case Shutdown() if state.fault is not None:
            return to_initialize(router, state, ShutDown())
        case ConfigChanged(previous=previous):
            return Step(replace(state, checksum=configured_checksum(router, previous, state.checksum)))
        case _:
            return Step(state)


def _start(router: VirtualRouter, state: Initialize, now: Instant) -> Step:
    cause = Started(recovered_from=state.fault)
    if router.is_address_owner:
        return to_master(router, state, cause, now)
    return to_backup(router, state, cause, now)
