"""Names of files that more than one part of the project knows. Where they are is for `cli.places` to find out."""

from typing import Final

CONTROL_SOCKET: Final = "control.sock"
"""The control socket, in the daemon's runtime directory."""
