"""Landlock (landlock(7)): a process gives up access to files, ports and signals, for good and without any privilege.

What a process has open stays open to it. Each level of the kernel (`level`) knows more rights than the one before; what
one does not know is not restricted there.
"""

import os
from collections.abc import Iterable
from contextlib import suppress
from ctypes import CDLL, c_int, c_long, c_size_t, c_uint32, create_string_buffer, get_errno
from struct import Struct
from typing import Final

_LIBC: Final = CDLL(None, use_errno=True)
_CREATE_RULESET: Final = c_long(444)
"""The numbers of the system calls: these are the same on all architectures."""
_ADD_RULE: Final = c_long(445)
_RESTRICT_SELF: Final = c_long(446)
_VERSION: Final = 1
_PATH_BENEATH: Final = 1

_WRITE_FILE: Final = 1 << 1
_READ_FILE: Final = 1 << 2
_READ_DIR: Final = 1 << 3
_MAKE_FILE: Final = 1 << 8
_BY_LEVEL: Final = (0, 0x1FFF, 0x3FFF, 0x7FFF, 0x7FFF, 0xFFFF)
"""All rights of files by level: execute, write, read, remove, make; refer (2), truncate (3), ioctl of devices (5)."""
_BIND_AND_CONNECT: Final = 3
_PORTS_FROM: Final = 4
_ABSTRACT_SOCKETS_AND_SIGNALS: Final = 3
SIGNALS_FROM: Final = 6
"""The first level that keeps a process from sending signals to those that are not fenced with it."""

_ATTRIBUTES: Final = Struct("@QQQ")
"""`struct landlock_ruleset_attr`: rights of files, of ports, and what is confined to the fenced processes."""
_RULE: Final = Struct("=Qi")
"""`struct landlock_path_beneath_attr`: the rights, and a descriptor of the file or directory."""


def level() -> int:
    """The level of Landlock that the kernel has ("ABI version"); 0 where it has none, or it is switched off."""
    return max(0, int(_LIBC.syscall(_CREATE_RULESET, None, c_size_t(0), c_uint32(_VERSION))))


class Ruleset:
    """What may still be read or written; prepared with the rights of today, and put in force later."""

    def __init__(self, readable: Iterable[str], writable: Iterable[str] = ()) -> None:
        """Let these files, and what is beneath these directories, be read; what does not exist is passed over.

        Beneath `writable` directories, regular files may be made, and what is there be written too.
        Everything else of files is refused: to write, to make, to remove and to execute; as well as TCP, and signals
        and abstract sockets of other processes. `OSError` where the kernel has no Landlock.
        """
        known = level()
        rights = _BY_LEVEL[min(known, len(_BY_LEVEL) - 1)]
        ports = _BIND_AND_CONNECT if known >= _PORTS_FROM else 0
        scope = _ABSTRACT_SOCKETS_AND_SIGNALS if known >= SIGNALS_FROM else 0
        attributes = create_string_buffer(_ATTRIBUTES.pack(rights, ports, scope), _ATTRIBUTES.size)
        # What is all zero may be longer than the kernel knows.
        self._descriptor = int(_LIBC.syscall(_CREATE_RULESET, attributes, c_size_t(_ATTRIBUTES.size), c_uint32(0)))
        if self._descriptor < 0:
            raise _error("landlock_create_ruleset")
        self.level = known
        for path in readable:
            with suppress(OSError):
                self._let(path, _READ_FILE | (_READ_DIR if os.path.isdir(path) else 0))  # noqa: PTH112 - the agent has no use for a Path
        for path in writable:
            with suppress(OSError):
                self._let(path, _READ_FILE | _WRITE_FILE | _MAKE_FILE)

    def restrict_self(self) -> None:
        """Put it in force for this thread, and all that it starts. It must be unable to gain privileges (prctl(2))."""
        try:
            if _LIBC.syscall(_RESTRICT_SELF, c_int(self._descriptor), c_uint32(0)):
                raise _error("landlock_restrict_self")
        finally:
            os.close(self._descriptor)

    def _let(self, path: str, rights: int) -> None:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
        try:
            rule = create_string_buffer(_RULE.pack(rights, place), _RULE.size)
            if _LIBC.syscall(_ADD_RULE, c_int(self._descriptor), c_int(_PATH_BENEATH), rule, c_uint32(0)):
                raise _error("landlock_add_rule")
        finally:
            os.close(place)


def _error(call: str) -> OSError:
    number = get_errno()
    return OSError(number, f"{call}: {os.strerror(number)}")
