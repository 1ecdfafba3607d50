"""Which addresses belong to a daemon that lives, wherever its runtime directory is: `teardown` leaves them alone."""

from failover.cli.failures import tell
from failover.config import Configuration
from failover.linux.errors import reason
from failover.linux.process.claims import Claim, Claims, VirtualRouterId
from failover.vrrp import Address, VirtualAddress
from failover.vrrp.protocol import family_of


class Living:
    """The claims of living daemons, by the addresses that they may hold. Close it after use."""

    def __init__(self, configuration: Configuration | None = None) -> None:
        """An address of `configuration` is its virtual router's; any other one of whoever lives on the interface."""
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
        """Look no more."""
        if self._claims is not None:
            self._claims.close()

    def holder(self, interface: str, address: VirtualAddress) -> Claim | None:
        """Who may hold an address of an interface now."""
        if self._claims is None:
            return None
        routers = self._routers.get((interface, address.ip))
        if routers is None:
            return self._claims.on(interface)
        return next((claim for router in routers if (claim := self._claims.of(router))), None)
