"""The options that several commands share, as data, and the parser of `failover run`, which works without click.

That parser and click (`commands.declared`) use the same data, so that they cannot differ.
"""

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple


class Option(NamedTuple):
    """An option that takes one value."""

    flag: str
    metavar: str
    help: str
    completes: Literal["file", "dir"] = "file"
    """What a shell offers for the value."""

    @property
    def name(self) -> str:
        """The name of the parameter that receives the value: `runtime_dir` for `--runtime-dir`."""
        return self.flag.lstrip("-").replace("-", "_")


CONFIG: Final = Option(
    "--config",
    "FILE",
    "The configuration (default: $SNAP_COMMON/vrrp-config.json, else /etc/failover/vrrp-config.json).",
)
RUNTIME_DIR: Final = Option(
    "--runtime-dir",
    "DIRECTORY",
    "Where the daemon's lock and socket are (default: $RUNTIME_DIRECTORY, else /run/failover).",
    "dir",
)
SOCKET: Final = Option(
    "--socket", "PATH", "The control socket (default: $FAILOVER_SOCKET, else control.sock in the runtime directory)."
)

RUN: Final = (CONFIG, RUNTIME_DIR, SOCKET)
"""All options of `failover run`."""


def parse(arguments: Sequence[str], options: Sequence[Option] = RUN) -> dict[str, str | None] | None:
    """The value of each option by name, None where it is not given; of several, the last one.

    None instead of all of it where the arguments have anything else than these options: then click must answer.
    """
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
