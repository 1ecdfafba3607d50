"""`failover cli-mode`, an original command: run the one virtual router that the options describe."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from failover.cli import modes
from failover.cli.failures import BAD_CONFIGURATION, Failure
from failover.cli.group import declared
from failover.cli.options import RUNTIME_DIR, SOCKET

if TYPE_CHECKING:
    from failover.config import Configuration, Problem

ADDRESS: Final = "--ip-address"

OPTION_OF: Final = {
    "name": "--name",
    "vrid": "--vrid",
    "interface_name": "--interface-name",
    "ip_addresses": ADDRESS,
    "priority": "--priority",
    "advert_interval": "--advert-interval",
    "preempt_mode": "--preempt-mode",
    "version": "--vrrp-version",
}
"""The option of each setting that this mode can set."""


class _CliMode(click.Command):
    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, one_each(args))


def one_each(arguments: Sequence[str]) -> list[str]:
    """Rewrite `--ip-address A B` to `--ip-address A --ip-address B`: it takes all values up to the next option."""
    spread: list[str] = []
    follows_address = False
    for argument in arguments:
        is_option = argument.startswith("-")
        if follows_address and not is_option and spread[-1] != ADDRESS:
            spread.append(ADDRESS)
        if is_option:
            follows_address = argument.partition("=")[0] == ADDRESS
        spread.append(argument)
    return spread


def _cli_mode(
    *,
    log_file_path: str | None,
    action: str | None,
    teardown: bool,
    runtime_dir: str | None,
    socket: str | None,
    **settings: Any,
) -> int:
    """Run one virtual router without a file (a command of the original Failover).

    The action may also come before the mode: `failover teardown cli-mode` removes the addresses of this virtual
    router. It needs the same options.
    """
    from failover.cli import launch, leftovers, places  # noqa: PLC0415 - not for `--help`

    where = places.find(runtime_dir, socket)
    loaded = configured(settings)
    if modes.is_teardown(action, teardown=teardown):
        return leftovers.remove_configured(loaded, where)
    return launch.run(loaded, where, log_file=Path(log_file_path) if log_file_path is not None else None)


def configured(settings: dict[str, Any]) -> "Configuration":
    """The configuration of one virtual router from the options' values; `Failure` names the options that are wrong."""
    from failover import config  # noqa: PLC0415 - not for `--help`

    name = settings.pop("name")
    if name is not None:
        settings["name"] = name
    try:
        return config.Configuration(virtual_routers=(config.VirtualRouter(**settings),))
    except config.ConfigError as error:
        raise Failure("\nfailover: ".join(map(_of_option, error.problems)), BAD_CONFIGURATION) from error


def _of_option(problem: "Problem") -> str:
    """The line about a problem, with the option's name in place of the JSON path."""
    from failover import config  # noqa: PLC0415 - not for `--help`

    path = OPTION_OF[problem.path.partition("[")[0]]
    return str(config.Problem(path, problem.value, problem.message, problem.allowed, problem.suggestion))


_SETTINGS: Final = [
    click.Option(["--vrid"], type=int, required=True, metavar="NUMBER", help="The virtual router's number, 1 to 255."),
    click.Option(["--interface-name"], required=True, metavar="NAME", help="The network interface."),
    click.Option(["--name"], metavar="NAME", help="The name of the virtual router (default: VR_<vrid>)."),
    click.Option(
        [ADDRESS, "ip_addresses"],
        multiple=True,
        required=True,
        metavar="ADDRESS/LENGTH...",
        help='A virtual address: "ADDRESS/LENGTH", or "ADDRESS" for a /32 or /128;'
        " give several values, or the option several times.",
    ),
    click.Option(
        ["--priority"], type=int, default=100, show_default=True, metavar="NUMBER", help="The priority, 1 to 255."
    ),
    click.Option(
        ["--advert-interval"],
        type=float,
        default=1,
        show_default=True,
        metavar="SECONDS",
        help="The time between two advertisements.",
    ),
    click.Option(["--preempt-mode"], is_flag=True, help="Take over from a MASTER with a lower priority."),
    click.Option(
        ["--vrrp-version", "version"],
        type=int,
        default=3,
        show_default=True,
        metavar="NUMBER",
        help="The version of VRRP, 2 or 3.",
    ),
]

command = _CliMode(
    "cli-mode",
    params=[
        *_SETTINGS,
        declared(modes.LOG_FILE),
        *modes.action_options(),
        declared(RUNTIME_DIR),
        declared(SOCKET),
    ],
    callback=_cli_mode,
    help=_cli_mode.__doc__,
)
