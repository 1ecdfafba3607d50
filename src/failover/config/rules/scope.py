"""Checks where the advertisements of one virtual router go: one family, a group or peers, hop limits."""

from collections.abc import Iterator
from ipaddress import ip_address
from typing import Final

from failover.config.checking.draft import Draft
from failover.config.checking.problems import show
from failover.vrrp.protocol import HOP_LIMIT, PRIORITY_OWNER, Address, Family

_NAMES: Final = {Family.IPV4: "IPv4", Family.IPV6: "IPv6"}


def check_scope(draft: Draft) -> None:
    """Add the problems of `source_address`, `multicast_group`, `unicast_peers` and `hop_limit` together."""
    peers, group = draft.values.get("unicast_peers"), draft.values.get("multicast_group")
    if peers and group:
        draft.blame("multicast_group", show(group), "is set beside unicast_peers", "leave one of the two out")
    hop_limit = draft.values.get("hop_limit", HOP_LIMIT)
    if peers == () and hop_limit != HOP_LIMIT:
        draft.blame("hop_limit", show(hop_limit), "needs unicast_peers", f"{HOP_LIMIT} to a multicast group")
    _check_families(draft)
    _check_repeats(draft)


def _check_families(draft: Draft) -> None:
    """All of one family, which is that of all addresses."""
    families = draft.families()
    if not families or None in (draft.values.get("ip_addresses") or ()):
        return
    first: Family | None = None
    for key, address in _given(draft):
        family = Family(address.version)
        if len(families) > 1:
            draft.blame(
                key,
                show(str(address)),
                "is of one family, but ip_addresses has both",
                "one family",
                "write a virtual router for each family",
            )
            return
        if family not in families:
            own = _NAMES[next(iter(families))]
            draft.blame(key, show(str(address)), f"is {_NAMES[family]}", f"{own}, as ip_addresses")
        elif first not in {None, family}:
            draft.blame(key, show(str(address)), f"is {_NAMES[family]}", "one family")
        first = first or family


def _check_repeats(draft: Draft) -> None:
    seen: dict[Address, int] = {}
    held = (*draft.addresses("ip_addresses"), *draft.addresses("excluded_ip_addresses"))
    virtual = {address.ip for _, address in held}
    is_owner = draft.values.get("priority") == PRIORITY_OWNER
    for index, peer in enumerate(draft.values.get("unicast_peers") or ()):
        place = ("unicast_peers", index)
        other = seen.setdefault(peer.address, index)
        if other != index:
            draft.blame(place, show(str(peer.address)), f"is already unicast_peers[{other}]", "each peer once")
        if peer.address in virtual:
            draft.blame(place, show(str(peer.address)), "is a virtual address", "each host's own address")
    source = draft.values.get("source_address")
    if source and ip_address(source) in virtual and not is_owner:
        draft.blame("source_address", show(source), "is a virtual address", "this host's own address")


def _given(draft: Draft) -> Iterator[tuple[str | tuple[str, int], Address]]:
    """The addresses of the settings, each with its place."""
    for key in ("source_address", "multicast_group"):
        if text := draft.values.get(key):
            yield key, ip_address(text)
    for index, peer in enumerate(draft.values.get("unicast_peers") or ()):
        yield ("unicast_peers", index), peer.address
