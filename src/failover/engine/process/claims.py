"""One daemon for each virtual router of a network namespace, whatever runtime directories they have."""

import errno
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

from failover.linux.errors import reason
from failover.linux.process.claims import Claim, Claims, VirtualRouterId, words


class HeldClaims:
    """What this process has claimed; where the system has no such locks, the daemon runs without."""

    def __init__(self) -> None:
        self.warnings: list[str] = []
        """What to warn the operator of."""
        self._claims: Claims | None = None
        try:
            self._claims = Claims()
        except OSError as error:
            self._unguarded(error)

    def begin(self, routers: Sequence[VirtualRouterId]) -> None:
        """Claim the first ones; `OSError` EBUSY names who has one of them."""
        self._demand(lambda claims: claims.take(routers))

    def add(self, routers: Sequence[VirtualRouterId]) -> None:
        """Claim these as well, or none of them, without waiting; `OSError` EBUSY names who has one of them."""
        self._demand(lambda claims: claims.add(routers))

    def give_back(self, routers: Iterable[VirtualRouterId]) -> None:
        """Give back the claims of these routers."""
        if self._claims is not None:
            self._claims.give_back(routers)

    def close(self) -> None:
        """Give back all claims."""
        if self._claims is not None:
            self._claims.close()

    def _demand(self, take: Callable[[Claims], tuple[Claim, ...]]) -> None:
        if self._claims is None:
            return
        try:
            taken = take(self._claims)
        except OSError as error:
            self._unguarded(error)
            return
        if taken:
            raise OSError(errno.EBUSY, f"{words(taken)}; stop it, or give one of them another vrid or interface")

    def _unguarded(self, error: OSError) -> None:
        self.warnings.append(f"another daemon for the same virtual routers would not be noticed: {reason(error)}")


@contextmanager
def exclusively(routers: Sequence[VirtualRouterId]) -> Iterator[HeldClaims]:
    """Hold claims of these, and of those that are added; `OSError` EBUSY names who has one of them."""
    held = HeldClaims()
    try:
        held.begin(routers)
        yield held
    finally:
        held.close()
