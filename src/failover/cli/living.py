"""Tells which addresses belong to a running daemon, whatever its runtime directory: `teardown` leaves them alone."""

from failover.cli.failures import tell
from failover.linux.errors import reason
from failover.linux.process.claims import Claim, Claims, VirtualAddressId
from failover.vrrp import VirtualAddress


class Living:
    """The claims of running daemons, looked up by the addresses that they may hold. Close it after use."""

    def __init__(self) -> None:
        self._claims: Claims | None = None
        try:
            self._claims = Claims()
        except OSError as error:
            tell(f"cannot detect another daemon that runs here: {reason(error)}")

    def close(self) -> None:
        """Release the descriptor."""
        if self._claims is not None:
            self._claims.close()

    def has(self, interface: str, address: VirtualAddress) -> bool:
        """Whether a running daemon may hold this address on this interface now."""
        return self.holder(interface, address) is not None

    def holder(self, interface: str, address: VirtualAddress) -> Claim | None:
        """The claim of a running daemon that may hold this address on this interface now, or None.

        Of the virtual router that it runs there, where that is the first one on the interface; else of the address.
        """
        if self._claims is None:
            return None
        claim = self._claims.of(VirtualAddressId(interface, address.ip))
        router = self._claims.on(interface) if claim else None
        return router if claim and router and router.pid == claim.pid else claim
