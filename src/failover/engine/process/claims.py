"""One daemon for each virtual router and address of a network namespace, whatever runtime directories they have."""

import errno
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

from failover.linux.errors import reason
from failover.linux.process.claims import Claim, Claimable, Claims, VirtualAddressId, VirtualRouterId, words
from failover.vrrp import VirtualAddress


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

    def begin(self, wanted: Sequence[Claimable]) -> None:
        """Claim the first ones; `OSError` EBUSY names who has one of them."""
        self._demand(lambda claims: claims.take(wanted))

    def add(self, wanted: Sequence[Claimable]) -> None:
        """Claim these as well, or none of them, without waiting; `OSError` EBUSY names who has one of them."""
        self._demand(lambda claims: claims.add(wanted))

    def give_back(self, claimed: Iterable[Claimable]) -> None:
        """Give back the claims of these."""
        if self._claims is not None:
            self._claims.give_back(claimed)

    def is_anothers(self, interface: str, address: VirtualAddress) -> bool:
        """Whether another daemon or `running` has claimed this address there; True also where nobody can tell."""
        return self._claims is None or self._claims.of(VirtualAddressId(interface, address.ip)) is not None

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
            other = "vrid" if any(isinstance(one.what, VirtualRouterId) for one in taken) else "address"
            raise OSError(errno.EBUSY, f"{words(taken)}; stop it, or give one of them another {other} or interface")

    def _unguarded(self, error: OSError) -> None:
        self.warnings.append(f"cannot detect another daemon that runs the same virtual routers: {reason(error)}")


@contextmanager
def exclusively(wanted: Sequence[Claimable]) -> Iterator[HeldClaims]:
    """Hold claims of these, and of those that are added; `OSError` EBUSY names who has one of them."""
    held = HeldClaims()
    try:
        held.begin(wanted)
        yield held
    finally:
        held.close()
