"""Spellings of addresses that other programs take: what to write here instead."""

import re
from collections.abc import Mapping
from contextlib import suppress
from ipaddress import IPv4Interface, IPv6Interface, ip_interface
from typing import Final

from failover.config.checking.problems import show
from failover.config.checking.settings import Complaint

LONGEST_TAKEN_APART: Final = 1024
"""Characters: a text that is longer is only refused."""

_SEPARATORS: Final = re.compile(r"[\s,;]+")
_ZONE: Final = re.compile(r"%[^/\s]*")
_NAME: Final = re.compile(r"(?=.*[a-z])[\w-]+(\.[\w-]+)*\.?(/\d+)?", re.IGNORECASE | re.ASCII)
_LEADING_ZERO: Final = re.compile(r"(?<![\d])0+(?=\d)")
_LENGTHS: Final = {4: 32, 6: 128}


def complaint(text: str) -> Complaint:
    """What is wrong with a text that is no address as it is written here, with what to write where that is clear."""
    if len(text) > LONGEST_TAKEN_APART:
        return Complaint("is not an IP address")
    zoneless = _ZONE.sub("", text).strip()
    if zoneless != text.strip() and ":" in text and _read(zoneless) is not None:
        return Complaint("has a zone", f"write {show(zoneless)}: the interface is interface_name")
    return Complaint("is not an IP address", _meant(text.strip()))


def several(text: str) -> list[str]:
    """The addresses that stand in one text, divided by commas or blanks; none where it is anything else."""
    parts = [part for part in _SEPARATORS.split(text[: LONGEST_TAKEN_APART + 1]) if part]
    is_list = len(text) <= LONGEST_TAKEN_APART and len(parts) > 1
    return parts if is_list and all(_read(part) is not None for part in parts) else []


def of_object(given: Mapping[str, object]) -> str | None:
    """The hint for an object with an address in it, and perhaps its length or netmask."""
    texts = [str(one) for one in given.values() if isinstance(one, str | int) and not isinstance(one, bool)]
    address = next((one for one in texts if ("." in one or ":" in one) and _read(one) is not None), None)
    if address is None:
        return None
    with_length = (_read(f"{address}/{one}") for one in texts if one is not address and "/" not in address)
    found = next((str(one) for one in with_length if one is not None), address)
    return f"did you mean {show(found)}?"


def _read(text: str) -> IPv4Interface | IPv6Interface | None:
    if len(text) <= LONGEST_TAKEN_APART:
        with suppress(ValueError):
            return ip_interface(text)
    return None


def _meant(text: str) -> str | None:
    first, *others = _SEPARATORS.split(text, maxsplit=1)
    netmask = f"{first}/{others[0].removeprefix('netmask').strip()}" if others and "/" not in first else ""
    spelt = (text, netmask, "".join(text.split()), re.sub(r"[\[\]]", "", text), _LEADING_ZERO.sub("", text))
    for spelling in spelt:
        found = _read(spelling)
        if found is not None:
            return f"did you mean {show(_as_written(found, spelling))}?"
    many = several(text)
    if many:
        return f"did you mean {', '.join(map(show, many))}?"
    if others and others[0][:1].isalpha() and _read(first) is not None:
        return f"write {show(first)} alone: the interface is interface_name"
    return _bad_length(text) or ("names are not resolved: write an address" if _NAME.fullmatch(text) else None)


def _as_written(found: IPv4Interface | IPv6Interface, spelling: str) -> str:
    """Without a length where it was written without one."""
    return str(found) if "/" in spelling else str(found.ip)


def _bad_length(text: str) -> str | None:
    address = _read(text.partition("/")[0])
    return f"the length must be 0 to {_LENGTHS[address.version]}" if address is not None else None
