"""What was probably meant by a name that no interface has; pure."""

from collections.abc import Iterable
from typing import Final

from failover.linux.interfaces.table import Interface

_SAMPLE: Final = "edit-this-file"
"""What a sample configuration has in the place of an interface's name."""


def meant(name: str, interfaces: Iterable[Interface]) -> str | None:
    """What the name is, if no interface's, in words that go on a sentence; None where nothing comes to mind."""
    if name == _SAMPLE:
        return "it is the sample's: write this host's interface_name and ip_addresses into the configuration"
    written, at, _ = name.partition("@")
    for interface in interfaces:
        if name in interface.altnames:
            return f"that is an altname of {interface.name}: write {interface.name}"
        if at and written in (interface.name, *interface.altnames):
            return f"what ip shows from @ on is not part of the name: write {interface.name}"
        if name.lower() == interface.name.lower():
            return f"write {interface.name}"
        if name == str(interface.ifindex):
            return f"that is the index of {interface.name}: write {interface.name}"
        if any(name == str(assigned.address.ip) for assigned in interface.addresses):
            return f"that is an address of {interface.name}: write {interface.name}"
    return None
