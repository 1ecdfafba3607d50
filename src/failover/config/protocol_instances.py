"""Turns a configured virtual router into protocol instances (`failover.vrrp.VirtualRouter`), one per family."""

from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address
from typing import Final

import msgspec

from failover.config.checking.draft import family_without_addresses
from failover.config.checking.peers import given_address
from failover.config.router import VirtualRouter
from failover.vrrp import router as core
from failover.vrrp.protocol import Address, Family, PreferredLifetime, VirtualAddress, family_of
from failover.vrrp.scope import Scope
from failover.vrrp.units import centiseconds

UNKNOWN_SOURCE: Final[dict[Family, Address]] = {
    Family.IPV4: IPv4Address(0),
    Family.IPV6: IPv6Address(0),
}
"""The source address until the interface's own is known. It is lower than any other, so it loses each tie-break."""


def instances(router: VirtualRouter, primary: Mapping[Family, Address] | None = None) -> tuple[core.VirtualRouter, ...]:
    """The protocol instances of a virtual router, IPv4 first. `primary` has the source addresses known so far.

    One without addresses is of IPv4, unless its source, group or peers say otherwise.

    The same VRID in IPv4 and IPv6 makes two instances (RFC 9568 §6.4). Each advertises the addresses of its family, in
    the configured order.
    """
    families = sorted({family_of(address) for address in router.ip_addresses})
    families = families or [family_without_addresses(msgspec.structs.asdict(router))]
    return tuple(_instance(router, family, {**UNKNOWN_SOURCE, **(primary or {})}[family]) for family in families)


def _instance(router: VirtualRouter, family: Family, primary: Address) -> core.VirtualRouter:
    return core.VirtualRouter(
        vrid=router.vrid,
        addresses=_of_family(router.ip_addresses, family),
        primary_address=primary,
        version=router.version,
        priority=router.priority,
        advertisement_interval=centiseconds(round(router.advert_interval * 100)),
        preempt_mode=router.preempt_mode,
        accept_mode=router.accept_mode,
        excluded_addresses=_of_family(router.excluded_ip_addresses, family),
        preferred_lifetime=(
            PreferredLifetime(router.preferred_lifetime) if family is Family.IPV6 else PreferredLifetime.FOREVER
        ),
        checksum=router.checksum,
        require_link_local=router.require_link_local,
        check_address_list=router.check_address_list,
        with_version_2=router.with_version_2 and family is Family.IPV4,
        scope=Scope(
            group=given_address(router.multicast_group),
            peers=router.unicast_peers,
            source=given_address(router.source_address),
            hop_limit=router.hop_limit,
        ),
        **(router.authentication.for_instance(router.advert_interval) if router.authentication else {}),
    )


def _of_family(addresses: tuple[VirtualAddress, ...], family: Family) -> tuple[VirtualAddress, ...]:
    return tuple(address for address in addresses if family_of(address) is family)
