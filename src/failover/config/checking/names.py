"""Checks names: of virtual routers, and of interfaces, for which people write what `ip` shows beside them. Pure."""

import re
from typing import Final

from failover.config.checking.problems import show
from failover.config.checking.settings import Complaint

LONGEST_NAME: Final = 128
"""Characters."""

LONGEST_INTERFACE_NAME: Final = 15
"""Bytes: IFNAMSIZ less the terminating zero."""

_NOT_IN_INTERFACE_NAMES: Final = frozenset("/: \u00a0")
_MAC: Final = re.compile(r"(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}", re.IGNORECASE)
"""In the forms that are no interface's name. Dots, or nothing between the digits, may be in one (`fab0.1000.2000`)."""
_PEER: Final = re.compile(r"[^@]+@if[0-9]+")
"""As in `eth0@if5`: a name that the kernel would give, but hardly has."""
_SHOWN: Final = re.compile(r"(?:[0-9]+:\s+)?([^@:\s]+)(?:@[^@:\s]+)?:?(?:\s+<.*)?")
"""From the output of `ip addr`, such as `2: eth0@if5: <BROADCAST>`."""
_LISTED: Final = "`ip -br link` lists the names of this host's interfaces"


def check_name(name: str) -> Complaint | None:
    """What is wrong with the name of a virtual router; None where it is good."""
    if not name.isprintable():
        return Complaint("contains a control character")
    if name != name.strip():
        return Complaint("begins or ends with a space", f"did you mean {show(name.strip())}?" if name.strip() else None)
    return None


def check_interface_name(name: str) -> Complaint | None:
    """What is wrong with the name of an interface, by what the kernel demands (`dev_valid_name` in net/core/dev.c).

    It must be printable as well. None where it is good.
    """
    if _MAC.fullmatch(name):
        return Complaint("is a MAC address", _LISTED)
    has_good_characters = name.isprintable() and _NOT_IN_INTERFACE_NAMES.isdisjoint(name)
    is_long = len(name.encode(errors="surrogatepass")) > LONGEST_INTERFACE_NAME
    if has_good_characters and not is_long and name not in {".", ".."} and not _PEER.fullmatch(name):
        return None
    shown = _SHOWN.fullmatch(name)
    if shown is not None and shown[1] != name and check_interface_name(shown[1]) is None:
        of = "of an interface's peer" if "@" in name else "beside an interface's name"
        return Complaint(f"has what `ip` shows {of}", f"did you mean {show(shown[1])}?")
    if name != name.strip() and name.strip() and check_interface_name(name.strip()) is None:
        return Complaint("cannot be the name of an interface", f"did you mean {show(name.strip())}?")
    if has_good_characters and is_long:
        return Complaint("is too long for the name of an interface", f"an altname cannot be used; {_LISTED}")
    device, *alias = name.split(":")
    is_alias = len(alias) == 1 and " " not in name and device and check_interface_name(device) is None
    meant = f"the interface of that alias is {show(device)}" if is_alias else None
    return Complaint("cannot be the name of an interface", meant)
