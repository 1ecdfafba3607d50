"""`config.DaemonSettings`: what the file's long form says about the daemon itself, and its documentation."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
from msgspec.structs import force_setattr

from failover.config.examine import examine
from failover.config.problems import ConfigError
from failover.config.settings import Setting, about, settings_of

REALTIME_PRIORITY: Final = 49
"""Above all ordinary work, and one below the kernel's own interrupt threads (50): the packets come from those."""

LAST_CPU: Final = 8191
"""Linux can be built for as many."""


class DaemonSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How the engine's process runs. Raises `ConfigError` naming every field that is wrong."""

    realtime_priority: Annotated[
        int,
        about(
            "The real-time priority (SCHED_RR) of the process that advertises; 0 leaves it an ordinary one.",
            "1 to 99, or 0 for none",
            ge=0,
            le=99,
        ),
    ] = REALTIME_PRIORITY
    lock_memory: Annotated[
        bool,
        about("Whether that process stays in memory, whatever else the host needs memory for.", "true or false"),
    ] = True
    cpu_affinity: Annotated[
        tuple[Annotated[int, msgspec.Meta(ge=0, le=LAST_CPU)], ...],
        about("The CPUs that it may use; none listed: all.", f"a list of CPU numbers, 0 to {LAST_CPU}"),
    ] = ()

    if TYPE_CHECKING:  # what code may pass is wider than what it reads back

        def __init__(
            self,
            *,
            realtime_priority: int = REALTIME_PRIORITY,
            lock_memory: bool = True,
            cpu_affinity: Sequence[int] = (),
        ) -> None: ...

    def __post_init__(self) -> None:
        draft = examine(DAEMON_SETTINGS, msgspec.structs.asdict(self))
        if draft.problems:
            raise ConfigError("DaemonSettings", draft.problems)
        for name, value in draft.values.items():
            force_setattr(self, name, value)


DAEMON_SETTINGS: Final[dict[str, Setting]] = settings_of(DaemonSettings)
"""The settings of the daemon by name, in the order of the documentation."""
