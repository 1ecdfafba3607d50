"""The configuration as commands want it: found, read, and its problems a `Failure` with the report."""

import os
from pathlib import Path

from failover import config
from failover.cli.failures import BAD_CONFIGURATION, USAGE, Failure


def path_of(given: str | None) -> Path:
    """The file that an option named, or the default one; `Failure` where it has no name."""
    if given == "":  # a variable of a script that is not set; the default one may be quite another's
        raise Failure("the name of the configuration is empty", USAGE)
    return Path(given) if given else config.default_path(os.environ)


def load(path: Path) -> config.Configuration:
    """What the file says; `Failure` with everything that is wrong with it."""
    try:
        return config.load(path)
    except config.ConfigError as error:
        raise Failure(str(error), BAD_CONFIGURATION) from error
