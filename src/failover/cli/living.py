"""Tells which addresses belong to a running daemon, whatever its runtime directory: `teardown` leaves them alone."""

from failover.cli.failures import tell
from failover.config import Configuration
from failover.linux.errors import reason
from failover.linux.process.claims import Claim, Claims, VirtualRouterId
from failover.vrrp import Address, VirtualAddress
from failover.vrrp.protocol import family_of


class Living:
    """The claims of running daemons, looked up by the addresses that they may hold. Close it after use."""

    def __init__(self, configuration: Configuration | None = None) -> None:
        """`configuration` tells which virtual router an address belongs to.

        Any other address may belong to any daemon that runs a virtual router on its interface.
        """
        self._routers: dict[tuple[str, Address], list[VirtualRouterId]] = {}
        for router in configuration.virtual_routers if configuration else ():
            families = {family_of(address) for address in router.ip_addresses}
            ids = [VirtualRouterId(router.interface_name, family, router.vrid) for family in sorted(families)]
            for address in (*router.ip_addresses, *router.excluded_ip_addresses):
                self._routers.setdefault((router.interface_name, address.ip), []).extend(ids)
        self._claims: Claims | None = None
        try:
            self._claims = Claims()
        except OSError as error:
            tell(f"another daemon that lives here would not be noticed: {reason(error)}")

    def close(self) -> None:
        """Release the descriptor."""
        if self._claims is not None:
            self._claims.close()

    def holder(self, interface: str, address: VirtualAddress) -> Claim | None:
        """The claim of a running daemon that may hold this address on this interface now, or None."""
        if self._claims is None:
            return None
        routers = self._routers.get((interface, address.ip))
        if routers is None:
            return self._claims.on(interface)
        return next((claim for router in routers if (claim := self._claims.of(router))), None)
