"""`failover schema`: the JSON Schema of the configuration file."""

import json

import click


@click.command("schema")
def command() -> None:
    """Print the JSON Schema of the configuration."""
    from failover import config  # noqa: PLC0415 - `failover --help` does not need it

    click.echo(json.dumps(config.schema(), indent=2, ensure_ascii=False))
