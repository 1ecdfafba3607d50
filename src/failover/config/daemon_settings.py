"""`DaemonSettings`: the settings of the daemon itself, from the long form of the file, with their documentation."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
from msgspec.structs import force_setattr

from failover.config.checking.built import Built
from failover.config.checking.examine import examine
from failover.config.checking.problems import ConfigError
from failover.config.checking.settings import Complaint, Setting, about, settings_of

REALTIME_PRIORITY: Final = 49
"""The default: above all ordinary processes, one below the kernel's interrupt threads (50), which deliver packets."""

LAST_CPU: Final = 8191
"""The highest CPU number that Linux can be built for (CONFIG_NR_CPUS 8192)."""

LONGEST_USER: Final = 32
"""Bytes of a user's name (useradd(8))."""
_NOT_IN_USERS: Final = frozenset(":/, ")


def _check_user(name: str) -> Complaint | None:
    if not name.isprintable() or not name.isascii() or not _NOT_IN_USERS.isdisjoint(name) or name.startswith("-"):
        return Complaint("cannot be the name of a user")
    if name == "root" or (name.isdecimal() and not int(name)):
        return Complaint("is root, but the agent must not be root")
    return None


class DaemonSettings(msgspec.Struct, frozen=True, kw_only=True, metaclass=Built):
    """How the engine's process runs. Raises `ConfigError` naming every field that is wrong."""

    realtime_priority: Annotated[
        int,
        about(
            "The real-time priority (SCHED_RR) of the engine, the process that advertises. 0 means none.",
            "1 to 99, or 0 for none",
            ge=0,
            le=99,
        ),
    ] = REALTIME_PRIORITY
    lock_memory: Annotated[
        bool,
        about("Whether the engine is locked in memory, so that it is never swapped out.", "true or false"),
    ] = True
    cpu_affinity: Annotated[
        tuple[Annotated[int, msgspec.Meta(ge=0, le=LAST_CPU)], ...],
        about("The CPUs that the engine may use. An empty list means all.", f"a list of CPU numbers, 0 to {LAST_CPU}"),
    ] = ()
    agent_user: Annotated[
        str,
        about(
            "The user that the agent (status and log) runs as, if the daemon is started as root.",
            "the name of a user of this host, or a number; not root",
            default_text="`failover` if there is such a user, else `nobody`",
            check=_check_user,
            max_length=LONGEST_USER,
        ),
    ] = ""

    if TYPE_CHECKING:  # the constructor takes more types than the fields have

        def __init__(
            self,
            *,
            realtime_priority: int = REALTIME_PRIORITY,
            lock_memory: bool = True,
            cpu_affinity: Sequence[int] = (),
            agent_user: str = "",
        ) -> None: ...

    def __post_init__(self) -> None:
        draft = examine(DAEMON_SETTINGS, msgspec.structs.asdict(self))
        if draft.problems:
            raise ConfigError("DaemonSettings", draft.problems)
        for name, value in draft.values.items():
            force_setattr(self, name, value)


DAEMON_SETTINGS: Final[dict[str, Setting]] = settings_of(DaemonSettings)
"""The settings of the daemon by name, in the order of the documentation."""
