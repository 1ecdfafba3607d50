"""Finds clashes between virtual routers of one configuration: names, VRIDs on an interface, addresses."""

from collections.abc import Sequence

from failover.config.checking.draft import Draft
from failover.config.checking.problems import show
from failover.config.protocol_instances import virtual_mac_interface
from failover.config.rules.entry import FAMILY_NAMES, all_addresses
from failover.vrrp.protocol import Family


def check_clashes(drafts: Sequence[Draft]) -> None:
    """Add a problem to the later one of each pair of virtual routers that clash."""
    _check_names(drafts)
    _check_vrids(drafts)
    _check_addresses(drafts)
    _check_interfaces(drafts)


def _check_names(drafts: Sequence[Draft]) -> None:
    taken: dict[str, Draft] = {}
    for draft in drafts:
        name = draft.values.get("name")
        if name and (other := taken.setdefault(name, draft)) is not draft:
            draft.blame("name", show(name), f"is already the name of {other.path}", "each name once")


def _check_vrids(drafts: Sequence[Draft]) -> None:
    """One virtual router is one (interface, family, VRID), RFC 9568 §6.4, whatever its version."""
    taken: dict[tuple[str, Family, int], Draft] = {}
    for draft in drafts:
        interface, vrid = draft.values.get("interface_name"), draft.values.get("vrid")
        if interface is None or vrid is None:
            continue
        shared: dict[str, list[str]] = {}
        for family in sorted(draft.families()):
            other = taken.setdefault((interface, family, vrid), draft)
            if other is not draft:
                shared.setdefault(other.path, []).append(FAMILY_NAMES[family])
        for path, families in shared.items():
            draft.blame(
                "vrid",
                show(vrid),
                f"is already used on {show(interface)[1:-1]} for {' and '.join(families)} by {path}",
                "each VRID once per interface and family",
            )


def _check_addresses(drafts: Sequence[Draft]) -> None:
    """Each address belongs to one virtual router. A link-local one may be used once on each interface."""
    taken: dict[object, Draft] = {}
    for draft in drafts:
        interface = draft.values.get("interface_name")
        own: set[object] = set()
        for place, address in all_addresses(draft):
            key: object = (address.ip, interface) if address.ip.is_link_local else address.ip
            if key in own or (address.ip.is_link_local and interface is None):
                continue
            own.add(key)
            other = taken.setdefault(key, draft)
            if other is not draft:
                draft.blame(place, show(str(address)), f"is already an address of {other.path}", "each address once")


def _check_interfaces(drafts: Sequence[Draft]) -> None:
    """Each virtual MAC address has an interface of its own, on which nothing else runs."""
    used = {draft.values.get("interface_name"): draft for draft in drafts}
    taken: dict[str, Draft] = {}
    for draft in drafts:
        for name in _made(draft):
            other = used.get(name) or taken.setdefault(name, draft)
            if other is not draft or name == draft.values.get("interface_name"):
                message = f"would make {name}, which is the interface of {other.path}"
                draft.blame("virtual_mac", "true", message, "each interface once", 'set "virtual_mac_interface_name"')


def _made(draft: Draft) -> list[str]:
    """The names of the interfaces that are made for an entry."""
    vrid = draft.values.get("vrid")
    if not draft.values.get("virtual_mac") or vrid is None:
        return []
    name = draft.values.get("virtual_mac_interface_name", "")
    return [virtual_mac_interface(name, family, vrid) for family in sorted(draft.families())]
