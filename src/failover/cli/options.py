"""Options that several commands share, as data, and the parser of `failover run` that needs nothing else.

One table serves the parser here and click's (`commands.declared`), so that they cannot differ.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple


class Option(NamedTuple):
    """An option that takes one value."""

    flag: str
    metavar: str
    help: str

    @property
    def name(self) -> str:
        """The parameter that receives it."""
        return self.flag.lstrip("-").replace("-", "_")


CONFIG: Final = Option(
    "--config", "FILE", "The configuration. Default: $SNAP_COMMON/vrrp-config.json, else /etc/failover/vrrp-config.json"
)
RUNTIME_DIR: Final = Option(
    "--runtime-dir",
    "DIRECTORY",
    "Where the daemon's lock and socket are. Default: $RUNTIME_DIRECTORY, else /run/failover",
)
SOCKET: Final = Option(
    "--socket", "PATH", "The control socket. Default: $FAILOVER_SOCKET, else control.sock in the runtime directory"
)

RUN: Final = (CONFIG, RUNTIME_DIR, SOCKET)
"""All that `failover run` takes."""


def parse(arguments: Sequence[str], options: Sequence[Option] = RUN) -> dict[str, str | None] | None:
    """The value of each option by name, the last one given; None where there is anything else than these options."""
    known = {option.flag: option.name for option in options}
    values: dict[str, str | None] = dict.fromkeys(known.values())
    rest = iter(arguments)
    for argument in rest:
        flag, equals, value = argument.partition("=")
        given = value if equals else next(rest, None)
        if flag not in known or given is None:
            return None
        values[known[flag]] = given
    return values
