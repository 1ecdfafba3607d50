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


def read_again(path: Path) -> config.Configuration | str | None:
    """The configuration in a file, or what is wrong with it; None where it cannot be read from here."""
    try:
        return config.load(path, read_secret=config.not_read)  # which only the daemon's user may read
    except config.ConfigError as error:
        return None if isinstance(error.__cause__, OSError) else str(error)


def load(path: Path) -> config.Configuration:
    """The configuration in a file. `Failure` with the report where something is wrong with it."""
    try:
        return config.load(path)
    except config.ConfigError as error:
        is_missing = isinstance(error.__cause__, FileNotFoundError)
        remedy = f"\n  `failover file-mode --filename {path}` writes a sample there and runs it" if is_missing else ""
        raise Failure(f"{error}{remedy}", BAD_CONFIGURATION) from error
