"""`failover lab`: the demonstration."""

import click


@click.command("lab")
@click.option(
    "--interval",
    type=click.FloatRange(0.01, 40.95),
    default=1.0,
    show_default=True,
    metavar="SECONDS",
    help="The time between two advertisements.",
)
def command(interval: float) -> int:
    """Show failovers on this machine.

    It runs two routers and a client in network namespaces, and removes them at the end. It needs root.
    """
    from failover.lab.demo import demonstrate  # noqa: PLC0415 - `failover --help` does not need it

    return demonstrate(interval)
