"""The LAN of the lab, for daemons on it."""

from tests.lab.conftest import lan

__all__ = ["lan"]
