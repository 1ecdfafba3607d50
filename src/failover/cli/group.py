"""The click group of all commands. Each command is in the module of its name, as the attribute `command`.

Its callback returns the exit status, or raises `Failure`.
"""

from collections.abc import Sequence
from importlib import import_module
from typing import Final, cast

import click

from failover.cli import completion, modes
from failover.cli.failures import FAILED, FINE, INTERRUPTED, Failure
from failover.cli.options import Option
from failover.version import __version__

NAMES: Final = ("run", "check", "reload", "status", "health", "teardown", "schema", "lab", "file-mode", "cli-mode")
"""The commands, in the order in which `failover --help` lists them."""


class _Commands(click.Group):
    """A group that imports the module of a command only when the command is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(NAMES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        if cmd_name not in NAMES:
            return None
        module = import_module(f"failover.cli.commands.{cmd_name.replace('-', '_')}")
        return cast("click.Command", module.command)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        arguments = modes.mode_first(args)
        if arguments[0] not in NAMES and not ctx.resilient_parsing:
            from difflib import get_close_matches  # noqa: PLC0415 - only for a mistake

            near = get_close_matches(arguments[0], NAMES, 1)
            meant = f" Did you mean '{near[0]}'?" if near else ""
            raise click.UsageError(f"No such command '{arguments[0]}'.{meant}", ctx)
        return super().resolve_command(ctx, arguments)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.version_option(__version__, message="%(prog)s %(version)s")
def group() -> None:
    """A VRRP daemon: virtual IP addresses that survive the death of a host."""


def invoke(arguments: Sequence[str]) -> int:
    """Run the command that the arguments name and return its exit status; `Failure` where they are wrong."""
    try:
        status = group.main(list(arguments), prog_name="failover", standalone_mode=False)
    except click.UsageError as error:
        raise Failure(_one_line(error), error.exit_code) from error
    except click.ClickException as error:
        raise Failure(error.format_message(), FAILED) from error
    except click.Abort:
        return INTERRUPTED
    return FINE if status is None else int(status)


def declared(option: Option) -> click.Option:
    """The click option of a shared option (`options`)."""
    completes = completion.paths(option.completes)
    return click.Option([option.flag], metavar=option.metavar, help=option.help, shell_complete=completes)


def _one_line(error: click.UsageError) -> str:
    """A usage error as one line.

    Such as `run: No such option '--confg'. Did you mean '--config'? See 'failover run --help'.`.
    """
    path = error.ctx.command_path if error.ctx else "failover"
    command = path.removeprefix("failover").strip()
    message = " ".join(error.format_message().split())
    if not message.endswith((".", "?")):
        message += "."
    return f"{command}: {message} See '{path} --help'." if command else f"{message} See '{path} --help'."
