"""`Configuration`: everything that a file says, checked, with all defaults applied."""

import msgspec
from msgspec.structs import force_setattr

from failover.config.checking.draft import Draft
from failover.config.checking.problems import ConfigError, Problem, within
from failover.config.clashes import check_clashes
from failover.config.daemon_settings import DaemonSettings
from failover.config.router import VirtualRouter


class Configuration(msgspec.Struct, frozen=True, kw_only=True):
    """The virtual routers that the daemon runs, and the settings of the daemon itself.

    Raises `ConfigError` where there is no virtual router, or where some clash; it names each pair.
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
    """The problem of an empty list of virtual routers: a daemon that is to run nothing should be stopped instead."""
    return Problem(path, "[]", "lists no virtual router", "at least one")
