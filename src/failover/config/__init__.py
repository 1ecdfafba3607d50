"""The configuration file: its format, loading, validation with JSON paths, its schema.

Imports `failover.vrrp` and msgspec, nothing else of the project. Public names are these.
"""

from failover.config.configuration import Configuration
from failover.config.daemon_settings import DAEMON_SETTINGS, DaemonSettings
from failover.config.file import load, parse
from failover.config.json_schema import schema
from failover.config.places import default_path, sample
from failover.config.problems import ConfigError, Problem
from failover.config.protocol_instances import instances
from failover.config.router import SETTINGS, VirtualRouter
from failover.config.settings import Setting

__all__ = [
    "DAEMON_SETTINGS",
    "SETTINGS",
    "ConfigError",
    "Configuration",
    "DaemonSettings",
    "Problem",
    "Setting",
    "VirtualRouter",
    "default_path",
    "instances",
    "load",
    "parse",
    "sample",
    "schema",
]
