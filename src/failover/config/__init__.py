"""The configuration file: its format, loading, validation with JSON paths, and its JSON Schema.

The names below are public. Imports `failover.vrrp` and msgspec, and nothing else of the project.
"""

from failover.config.authentication.secret_files import Source, not_read, read_secret
from failover.config.authentication.setting import METHODS, Authentication
from failover.config.checking.problems import ConfigError, Problem
from failover.config.checking.settings import Complaint, Setting
from failover.config.configuration import Configuration
from failover.config.daemon_settings import DAEMON_SETTINGS, DaemonSettings
from failover.config.file import load, parse
from failover.config.json_schema import schema
from failover.config.places import default_path, sample
from failover.config.protocol_instances import instances
from failover.config.router import SETTINGS, VirtualRouter
from failover.config.tracking.track import Track
from failover.config.tracking.trackers import TRACKER_SETTINGS, InterfaceTracker, Tracker

__all__ = [
    "DAEMON_SETTINGS",
    "METHODS",
    "SETTINGS",
    "TRACKER_SETTINGS",
    "Authentication",
    "Complaint",
    "ConfigError",
    "Configuration",
    "DaemonSettings",
    "InterfaceTracker",
    "Problem",
    "Setting",
    "Source",
    "Track",
    "Tracker",
    "VirtualRouter",
    "default_path",
    "instances",
    "load",
    "not_read",
    "parse",
    "read_secret",
    "sample",
    "schema",
]
