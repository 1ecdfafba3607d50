"""`Configuration`: everything that a file says, complete and free of clashes."""

import msgspec
from msgspec.structs import force_setattr

from failover.config.clashes import check_clashes
from failover.config.daemon_settings import DaemonSettings
from failover.config.draft import Draft
from failover.config.problems import ConfigError, Problem, within
from failover.config.router import VirtualRouter


class Configuration(msgspec.Struct, frozen=True, kw_only=True):
    """What the daemon runs.

    Raises `ConfigError` where virtual routers clash, naming each pair.
    """

    virtual_routers: tuple[VirtualRouter, ...]
    daemon: DaemonSettings = DaemonSettings()

    def __post_init__(self) -> None:
        force_setattr(self, "virtual_routers", tuple(self.virtual_routers))
        if not self.virtual_routers:
            raise ConfigError("Configuration", (no_virtual_router("virtual_routers"),))
        drafts = [
            Draft(path=within("virtual_routers", index), values=msgspec.structs.asdict(router), problems=[])
            for index, router in enumerate(self.virtual_routers)
        ]
        check_clashes(drafts)
        problems = [problem for draft in drafts for problem in draft.problems]
        if problems:
            raise ConfigError("Configuration", problems)


def no_virtual_router(path: str) -> Problem:
    """The problem of an empty list: to stop a daemon is to stop it, not to leave it nothing to do."""
    return Problem(path, "[]", "lists no virtual router", "at least one")
