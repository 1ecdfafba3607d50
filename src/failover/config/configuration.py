"""`Configuration`: everything that a file says, checked, with all defaults applied."""

from binascii import crc32
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec.structs import force_setattr

from failover.config.checking.draft import Draft
from failover.config.checking.problems import ConfigError, Problem, kind_of, within
from failover.config.daemon_settings import DaemonSettings
from failover.config.router import VirtualRouter
from failover.config.rules.clashes import check_clashes
from failover.config.rules.tracking import check_tracking
from failover.config.tracking.trackers import Tracker, check_names

_MOST_NAMED: Final = 10
"""Of what is no virtual router: a string has many characters."""


class Configuration(msgspec.Struct, frozen=True, kw_only=True):
    """The virtual routers that the daemon runs, what they follow, and the settings of the daemon itself.

    Raises `ConfigError` where there is no virtual router, or what is none, or where some clash; it names each pair.
    """

    virtual_routers: tuple[VirtualRouter, ...]
    trackers: tuple[Tracker, ...] = ()
    daemon: DaemonSettings = DaemonSettings()

    if TYPE_CHECKING:  # the constructor takes more types than the fields have

        def __init__(
            self,
            *,
            virtual_routers: Iterable[VirtualRouter],
            trackers: Iterable[Tracker] = (),
            daemon: DaemonSettings = ...,
        ) -> None: ...

    def __post_init__(self) -> None:
        force_setattr(self, "virtual_routers", _virtual_routers(self.virtual_routers))
        force_setattr(self, "trackers", tuple(self.trackers))
        if not self.virtual_routers:
            raise ConfigError("Configuration", (no_virtual_router("virtual_routers"),))
        drafts = [
            Draft(path=within("virtual_routers", index), values=msgspec.structs.asdict(router), problems=[])
            for index, router in enumerate(self.virtual_routers)
        ]
        check_clashes(drafts)
        check_tracking(drafts, [tracker.name for tracker in self.trackers])
        problems = [problem for draft in drafts for problem in draft.problems]
        check_names(self.trackers, "trackers", problems)
        if problems:
            raise ConfigError("Configuration", problems)

    @property
    def digest(self) -> str:
        """Eight hexadecimal digits: others where a setting differs, the same where it is only written differently."""
        return f"{crc32(msgspec.msgpack.encode(self, enc_hook=str)):08x}"


def _virtual_routers(given: object) -> tuple[VirtualRouter, ...]:
    """What was given as the list of them; `ConfigError` names whatever is none."""
    if not isinstance(given, Iterable):
        problem = Problem("virtual_routers", "", f"{kind_of(given)} is not a list", "a list of VirtualRouter")
        raise ConfigError("Configuration", (problem,))
    found = tuple(given)
    problems = [
        Problem(within("virtual_routers", index), "", f"{kind_of(one)} is not a VirtualRouter", suggestion=_meant(one))
        for index, one in enumerate(found)
        if not isinstance(one, VirtualRouter)
    ]
    if problems:
        raise ConfigError("Configuration", problems[:_MOST_NAMED])
    return found


def _meant(one: object) -> str | None:
    return "write VirtualRouter(**entry)" if isinstance(one, dict) else None


def no_virtual_router(path: str) -> Problem:
    """The problem of an empty list of virtual routers: a daemon that is to run nothing should be stopped instead."""
    return Problem(path, "[]", "lists no virtual router", "at least one")
