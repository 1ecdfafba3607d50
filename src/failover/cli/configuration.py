"""Finds and loads the configuration for a command; problems become a `Failure` with the report."""

import os
from pathlib import Path

from failover import config
from failover.cli.failures import BAD_CONFIGURATION, USAGE, Failure


def path_of(given: str | None) -> Path:
    """The file that an option names, or the default one for None. `Failure` where the option is empty."""
    if given == "":  # probably an unset variable in a script: the default file may be a different one
        raise Failure("the name of the configuration is empty", USAGE)
    return Path(given) if given else config.default_path(os.environ)


def report_on(path: Path) -> str | None:
    """What is wrong with what a file says; None where nothing is, or where it cannot be read from here."""
    try:
        config.load(path)
    except config.ConfigError as error:
        return None if isinstance(error.__cause__, OSError) else str(error)
    return None


def load(path: Path) -> config.Configuration:
    """The configuration in a file. `Failure` with the report where something is wrong with it."""
    try:
        return config.load(path)
    except config.ConfigError as error:
        is_missing = isinstance(error.__cause__, FileNotFoundError)
        remedy = "\n  `failover file-mode` writes a sample there, which does no harm" if is_missing else ""
        raise Failure(f"{error}{remedy}", BAD_CONFIGURATION) from error
