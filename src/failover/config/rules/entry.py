"""Checks the rules between the settings of one virtual router: version, families, intervals, addresses.

They are what `failover.vrrp.VirtualRouter` demands, in terms of the file: from a draft without problems, valid
protocol instances can be built.
"""

from collections.abc import Iterator
from typing import Final

from failover.config.checking.draft import Draft
from failover.config.checking.problems import show
from failover.vrrp.protocol import (
    INTERVAL_CENTISECONDS_V3,
    INTERVAL_SECONDS_V2,
    MAX_ADVERTISED_ADDRESSES,
    PRIORITY_OWNER,
    Family,
    PreferredLifetime,
    Version,
    VirtualAddress,
    family_of,
)
from failover.vrrp.router import ChecksumPolicy

LISTS: Final = ("ip_addresses", "excluded_ip_addresses")

FAMILY_NAMES: Final = {Family.IPV4: "IPv4", Family.IPV6: "IPv6"}


def check_rules(draft: Draft) -> None:
    """Add the problems that appear only when several settings are looked at together."""
    match draft.values.get("version"):
        case Version.V2:
            _check_version_2(draft)
        case Version.V3:
            _check_version_3(draft)
            _check_link_local(draft)
    _check_presence(draft)
    _check_lifetime(draft)
    _check_owner(draft)
    _check_virtual_mac(draft)
    _check_counts(draft)
    _check_excluded(draft)
    _check_repeats(draft)


def all_addresses(draft: Draft) -> Iterator[tuple[tuple[str, int], VirtualAddress]]:
    """Every good address of the entry, the advertised ones first, each with its setting and its index there."""
    for setting in LISTS:
        for place, address in draft.addresses(setting):
            yield (setting, place), address


def in_centiseconds(advert_interval: float) -> int | None:
    """An interval in seconds as hundredths of a second; None where it is not a whole number of them."""
    count = round(advert_interval * 100)
    return count if count / 100 == advert_interval else None


def _check_version_2(draft: Draft) -> None:
    for place, address in all_addresses(draft):
        if family_of(address) is Family.IPV6:
            # RFC 3768 §1.2. Reported once, because one change corrects all addresses.
            draft.blame(place, show(str(address)), "is IPv6", "IPv4 only with version 2", 'or set "version": 3')
            break
    interval = draft.values.get("advert_interval")
    if interval is not None and interval not in INTERVAL_SECONDS_V2:
        draft.blame("advert_interval", _number(interval), "is not possible with version 2", "1 to 255 whole seconds")
    if draft.values.get("with_version_2"):
        draft.blame("with_version_2", "true", "is only for version 3", "false with version 2")
    checksum = draft.values.get("checksum")
    if checksum not in {None, ChecksumPolicy.AUTO}:
        draft.blame("checksum", show(checksum.value), "has no effect with version 2", '"auto" with version 2')


def _check_version_3(draft: Draft) -> None:
    interval = draft.values.get("advert_interval")
    if interval is not None and in_centiseconds(interval) not in INTERVAL_CENTISECONDS_V3:
        draft.blame(
            "advert_interval",
            _number(interval),
            "is not possible with version 3",
            "0.01 to 40.95 seconds in steps of 0.01",
        )
    if draft.values.get("check_address_list"):
        draft.blame("check_address_list", "true", "is a rule of version 2", "false with version 3")
    families = draft.families()
    if draft.values.get("with_version_2") and families == {Family.IPV6}:
        draft.blame("with_version_2", "true", "needs an IPv4 address", "false with IPv6 alone")


def _check_link_local(draft: Draft) -> None:
    """The first advertised IPv6 address must be link-local (RFC 9568 §5.2.9, erratum 8300)."""
    entries = [e for e in draft.addresses("ip_addresses") if family_of(e[1]) is Family.IPV6]
    unread = None in (draft.values.get("ip_addresses") or ())
    if not entries or unread or not draft.values.get("require_link_local") or entries[0][1].ip.is_link_local:
        return
    place, first = entries[0]
    own = next((address for _, address in entries if address.ip.is_link_local), None)
    if own is not None:
        remedy = f'move "{own}" before it'
    else:
        remedy = f'put "{_link_local_example(draft.values.get("vrid", 1))}" before it'
    draft.blame(
        ("ip_addresses", place),
        show(str(first)),
        "is the first IPv6 address and not link-local",
        "a link-local address first",
        f'{remedy} on all hosts, or set "require_link_local": false',
    )


def _link_local_example(vrid: int) -> str:
    """The link-local address made from the virtual MAC address 00-00-5E-00-02-{VRID} (RFC 9568 §7.3, §7.4)."""
    return f"fe80::200:5eff:fe00:{0x200 + vrid:x}/64"


def _check_presence(draft: Draft) -> None:
    """Addresses, or the word that there are none."""
    addresses, none = draft.values.get("ip_addresses"), draft.values.get("no_ip_addresses")
    if addresses == () and none is False:
        draft.blame(
            "ip_addresses",
            "[]",
            "lists no address",
            "at least one",
            'or set "no_ip_addresses": true',
        )
    if not none:
        return
    for setting in LISTS:
        if draft.values.get(setting):
            draft.blame(setting, "", "lists addresses beside no_ip_addresses", "leave one of the two out")
    if draft.values.get("priority") == PRIORITY_OWNER:
        draft.blame("priority", "255", "needs addresses that are this host's own", "1 to 254 with no_ip_addresses")


def _check_lifetime(draft: Draft) -> None:
    """Only IPv6 has preferred lifetimes: no IPv4 address would change."""
    lifetime = draft.values.get("preferred_lifetime")
    if lifetime == PreferredLifetime.FOREVER.value and draft.families() == {Family.IPV4}:
        draft.blame("preferred_lifetime", show(lifetime), "needs an IPv6 address", "0 with IPv4 alone")


def _check_owner(draft: Draft) -> None:
    """The owner accepts what is sent to its own addresses (RFC 9568 §6.1), and they are on the interface itself."""
    if draft.values.get("priority") != PRIORITY_OWNER:
        return
    if draft.values.get("accept_mode") is False:
        draft.blame("accept_mode", "false", "has no effect for the owner of the addresses", "true with priority 255")
    if draft.values.get("virtual_mac"):
        draft.blame("virtual_mac", "true", "is not possible for the owner of the addresses", "false with priority 255")


def _check_virtual_mac(draft: Draft) -> None:
    """Each family has a virtual MAC address of its own (RFC 9568 §7.3), and so an interface."""
    if draft.values.get("virtual_mac") and draft.values.get("no_ip_addresses"):
        draft.blame("virtual_mac", "true", "has no effect without addresses", "false with no_ip_addresses")
    name = draft.values.get("virtual_mac_interface_name")
    if not name:
        return
    setting, allowed = "virtual_mac_interface_name", "only with virtual_mac, and one family"
    if draft.values.get("virtual_mac") is False:
        draft.blame(setting, show(name), "has no effect without virtual_mac", allowed)
    elif len(draft.families()) > 1:
        draft.blame(setting, show(name), "cannot be the name of two interfaces", allowed, "leave it out")


def _check_counts(draft: Draft) -> None:
    """At most 255 addresses of each family: the count field has eight bits (RFC 9568 §5.2.5)."""
    advertised = draft.addresses("ip_addresses")
    for family, name in FAMILY_NAMES.items():
        count = sum(family_of(address) is family for _, address in advertised)
        if count > MAX_ADVERTISED_ADDRESSES:
            draft.blame(
                "ip_addresses",
                "",
                f"lists {count} {name} addresses",
                f"at most {MAX_ADVERTISED_ADDRESSES} of each family",
                "put the others in excluded_ip_addresses",
            )


def _check_excluded(draft: Draft) -> None:
    """An excluded address needs an advertised one of its family: the instance of that family holds it."""
    families = draft.families()
    if not families or draft.values.get("no_ip_addresses") or None in draft.values["ip_addresses"]:
        return
    for place, address in draft.addresses("excluded_ip_addresses"):
        family = family_of(address)
        if family not in families:
            name = FAMILY_NAMES[family]
            draft.blame(
                ("excluded_ip_addresses", place),
                show(str(address)),
                f"needs an advertised {name} address beside it",
                f"{name} only if ip_addresses has {name} too",
            )


def _check_repeats(draft: Draft) -> None:
    first: dict[object, tuple[str, int]] = {}
    for place, address in all_addresses(draft):
        setting, index = first.setdefault(address.ip, place)
        if (setting, index) != place:
            draft.blame(
                place, show(str(address)), f"is already {setting}[{index}]", "each address once, whatever its length"
            )


def _number(value: float) -> str:
    """A number as it was probably written in the file: 300, not 300.0."""
    return show(int(value) if value.is_integer() else value)
