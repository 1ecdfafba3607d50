"""The two sockets that the engine hands down to the agent."""

import os
import socket


def inherited_sockets(channel_fd: int, listener_fd: int) -> tuple[socket.socket, socket.socket]:
    """The channel and the listening control socket, inherited from the engine at these descriptors. Non-blocking."""
    channel, listener = socket.socket(fileno=channel_fd), socket.socket(fileno=listener_fd)
    for inherited in (channel, listener):
        os.set_inheritable(inherited.fileno(), False)
        inherited.setblocking(False)
    return channel, listener
