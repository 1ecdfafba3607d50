"""Users: whom a process that was started as root becomes, where it needs no right of root.

Reads /etc/passwd by itself. A look-up by way of the name service would load its modules into a process of root, and
could wait for a directory server that is not there yet.
"""

import errno
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

OF_THE_PACKAGE: Final = "failover"
"""The user that the packages make."""
_PASSWD: Final = Path("/etc/passwd")
_LARGEST: Final = 0xFFFFFFFE
"""The highest number of a user or group; the next one stands for "none"."""


class User(NamedTuple):
    """A user by numbers, with the one group that it keeps."""

    uid: int
    gid: int

    def __str__(self) -> str:
        """As `parse` reads it: `65534:65534`."""
        return f"{self.uid}:{self.gid}"


NOBODY: Final = User(65534, 65534)
"""Who has no right at all: also on a host where no user of that name is listed."""


def parse(text: str) -> User:
    """The user that `str` of it says; `ValueError` where it says none."""
    uid, _, gid = text.partition(":")
    return User(int(uid), int(gid))


def unprivileged(configured: str = "", passwd: Path = _PASSWD) -> User:
    """The user by this name or number; where none is given, the package's, else `nobody`.

    `OSError` where there is none of that name, or it is root.
    """
    listed = dict(_listed(passwd))
    if not configured:
        found = listed.get(OF_THE_PACKAGE, NOBODY)
        return found if found.uid else NOBODY
    user = listed.get(configured) or (_numbered(int(configured), listed) if configured.isdecimal() else None)
    if user is None:
        raise OSError(errno.EINVAL, f'agent_user: {passwd} has no user "{configured}"')
    if user.uid == 0:
        raise OSError(errno.EINVAL, f'agent_user: "{configured}" is root; name a user without rights')
    return user


def of_children(configured: str = "") -> tuple[User | None, str | None]:
    """Whom this process's children are to become, None where it is not root itself; and what to warn of.

    `OSError` as `unprivileged`.
    """
    own = os.geteuid()
    if own == 0:
        return unprivileged(configured), None
    if configured:
        try:
            if unprivileged(configured).uid == own:
                return None, None
        except OSError:  # a user of the service manager's is not listed anywhere
            pass
        return None, f"agent_user {configured}: the agent stays user {own}, because the daemon was not started as root"
    return None, None


def _numbered(uid: int, listed: dict[str, User]) -> User | None:
    """The user of a number, who need not be listed: in a container hardly anyone is."""
    if uid > _LARGEST:
        return None
    return next((user for user in listed.values() if user.uid == uid), User(uid, uid))


def _listed(passwd: Path) -> Iterator[tuple[str, User]]:
    """The users by name, the first one where a name is there twice (passwd(5))."""
    try:
        lines = passwd.read_bytes().decode(errors="replace").splitlines()
    except OSError:
        return
    for line in reversed(lines):
        match line.split(":"):
            case [name, _, uid, gid, *_] if uid.isdecimal() and gid.isdecimal():
                yield name, User(int(uid), int(gid))
