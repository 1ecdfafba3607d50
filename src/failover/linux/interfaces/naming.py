"""What was probably meant by a name that no interface has; pure."""

from collections.abc import Iterable
from ipaddress import ip_address
from typing import Final

from failover.frames.ethernet import MAC_LENGTH
from failover.linux.interfaces.table import Interface

_SEPARATORS: Final = str.maketrans("", "", ":-.")
_NAMED_AT_MOST: Final = 3
"""Of the interfaces with one MAC address: a VLAN has that of its device."""
_SAMPLE: Final = "edit-this-file"
"""What a sample configuration has in the place of an interface's name."""


def meant(name: str, interfaces: Iterable[Interface]) -> str | None:
    """What the name is, if no interface's, in words that go on a sentence; None where nothing comes to mind."""
    if name == _SAMPLE:
        return "this is the sample configuration: set interface_name and ip_addresses for this host"
    written, at, _ = name.partition("@")
    lower, address, mac = name.lower(), _address(name), _mac(name)
    with_mac: list[str] = []
    for interface in (one for one in interfaces if not one.loopback):  # nobody should write a loopback's
        if name in interface.altnames:
            return f"that is an altname of {interface.name}: write {interface.name}"
        if at and written in (interface.name, *interface.altnames):
            return f"the part from @ on does not belong to the name: write {interface.name}"
        if lower == interface.name.lower():
            return f"write {interface.name}"
        if name == str(interface.ifindex):
            return f"that is the index of {interface.name}: write {interface.name}"
        # by their bytes: there may be many, and each look at a name that is missing goes through all of them
        if address is not None and any(assigned.address.packed == address for assigned in interface.addresses):
            return f"that is an address of {interface.name}: write {interface.name}"
        if mac is not None and mac == interface.mac:
            with_mac.append(interface.name)
    if with_mac:
        few = with_mac[:_NAMED_AT_MOST]
        return f"that is the MAC address of {', '.join(few)}: write {' or '.join(few)}"
    return None if mac is None else "that looks like a MAC address, but no interface has it"


def _address(name: str) -> bytes | None:
    """The name as an IP address; None where it is none."""
    try:
        return ip_address(name).packed
    except ValueError:
        return None


def _mac(name: str) -> bytes | None:
    """The name as a MAC address, with colons, dashes, dots or nothing between its digits; None where it is none."""
    digits = name.translate(_SEPARATORS)
    try:
        return bytes.fromhex(digits) if len(digits) == 2 * MAC_LENGTH else None
    except ValueError:
        return None
