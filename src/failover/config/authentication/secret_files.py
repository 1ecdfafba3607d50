"""Reads secrets from where the configuration says: a file, or a credential that systemd hands to a service.

A file that other users may read or change is refused. What it contains is shown nowhere, not even where it is wrong.
"""

import os
import stat
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from failover.config.checking.settings import Complaint
from failover.vrrp.authentication.secret import Secret

LARGEST: Final = 1024
"""Bytes of a file with a secret."""
_DIRECTORY: Final = "CREDENTIALS_DIRECTORY"
"""The environment variable in which systemd says where a service's credentials are (systemd.exec(5))."""
_OF_OTHERS: Final = stat.S_IRWXO | stat.S_IWGRP


class Source(NamedTuple):
    """Where a secret is."""

    kind: str
    """`file` or `credential`."""
    name: str
    """The absolute path of the file, or the name of the credential."""


Secrets = Mapping[tuple[str, ...], Source]
"""Where several are, by their place in the object."""
Read = Callable[[Source], Secret | Complaint]


def read_secret(source: Source, environment: Mapping[str, str] = os.environ) -> Secret | Complaint:
    """The content of the file without the line break at its end, or what is wrong with the file."""
    path = source.name
    if source.kind == "credential":
        directory = environment.get(_DIRECTORY)
        if directory is None:
            return Complaint(
                "is not there, because systemd did not start this program", 'use "file", or a unit with LoadCredential='
            )
        path = f"{directory}/{path}"
    try:
        content = _content(path)
    except OSError as error:
        return Complaint(f"cannot be read: {error.strerror}")
    if isinstance(content, Complaint):
        return content
    return Secret(content[:-2] if content.endswith(b"\r\n") else content.removesuffix(b"\n"))


def not_read(_: Source) -> Secret:
    """In the place of `read_secret`, for who has no use for secrets: another one, which is fine."""
    return Secret(bytes(32).hex().encode())


def _content(path: str) -> bytes | Complaint:
    # O_NONBLOCK: without it, opening a pipe that nobody has opened for writing would block for ever.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    try:
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            return Complaint("is not a file")
        if mode & _OF_OTHERS:
            return Complaint(f"may be read or changed by others (mode {stat.S_IMODE(mode):04o})", "chmod 0600, or 0640")
        content = os.read(descriptor, LARGEST + 1)
        return content if len(content) <= LARGEST else Complaint(f"has more than {LARGEST} bytes")
    finally:
        os.close(descriptor)
