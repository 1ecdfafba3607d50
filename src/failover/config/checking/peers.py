"""Parses unicast peers, and checks single addresses: whatever says where advertisements go."""

from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any, Final

from failover.config.checking.addresses import host_complaint, parse_address
from failover.config.checking.problems import Problem, show, within
from failover.config.checking.settings import Complaint, Nested, nearest
from failover.config.checking.syntax import BadNumber, JsonObject
from failover.config.checking.values import kind_of
from failover.vrrp.protocol import HOP_LIMIT, Address
from failover.vrrp.scope import Peer

MOST_PEERS: Final = 64
"""As many packets as one system call sends."""
_PEER_FORM: Final = 'an address, or an object with "address", "min_hop_limit" and "max_hop_limit"'
_KEYS: Final = ("address", "min_hop_limit", "max_hop_limit")
_HOP_LIMITS: Final = f"0 to {HOP_LIMIT}"
_GROUP_SCOPE: Final = 0x02
"""Of an IPv6 group: link-local (RFC 4291 §2.7)."""


def host_address_complaint(text: str) -> Complaint | None:
    """Why a text is no address of a host, without a prefix length; None where it is one, or empty."""
    found = _address(text) if text else None
    return found if isinstance(found, Complaint) else None


def group_complaint(text: str) -> Complaint | None:
    """Why a text is no multicast group of a link; None where it is one, or empty."""
    if not text:
        return None
    try:
        group = ip_address(text)
    except ValueError:
        return Complaint("is not an IP address")
    if not group.is_multicast:
        return Complaint("is not a multicast address")
    if isinstance(group, IPv6Address) and group.packed[1] & 0xF != _GROUP_SCOPE:
        return Complaint("is not link-local", f'did you mean "{_link_local(group)}"?')
    return None


def given_address(text: str) -> Address | None:
    """The address of a setting that was checked; None where it is not set."""
    return ip_address(text) if text else None


def _link_local(group: IPv6Address) -> IPv6Address:
    packed = group.packed
    return IPv6Address(bytes((packed[0], packed[1] & 0xF0 | _GROUP_SCOPE)) + packed[2:])


def _address(value: object) -> Address | Complaint:
    """The address of a host that a value is, or what is wrong with it."""
    if isinstance(value, IPv4Address | IPv6Address):
        value = str(value)
    if not isinstance(value, str):
        return Complaint(f"is {kind_of(value)}, not a string")
    found = parse_address(value)
    if isinstance(found, Complaint):
        return found
    if "/" in value:
        return Complaint("has a prefix length", f'did you mean "{found.ip}"?')
    return host_complaint(found) or found.ip


def _peers(value: object, path: str) -> tuple[tuple[Peer, ...] | None, list[Problem]]:
    allowed = f"a list of up to {MOST_PEERS}, each {_PEER_FORM}"
    if not isinstance(value, list | tuple):
        meant = f"did you mean [{show(value)}]?" if isinstance(value, str | dict) else None
        return None, [Problem(path, show(value), f"is {kind_of(value)}, not a list", allowed, meant)]
    if len(value) > MOST_PEERS:
        return None, [Problem(path, "", f"lists {len(value)} peers", f"at most {MOST_PEERS}")]
    peers: list[Peer] = []
    problems: list[Problem] = []
    for index, entry in enumerate(value):
        peer, wrong = _peer(entry, within(path, index))
        problems += wrong
        if peer is not None:
            peers.append(peer)
    return (None if problems else tuple(peers)), problems


def _peer(entry: object, path: str) -> tuple[Peer | None, list[Problem]]:
    if isinstance(entry, Peer):
        entry = {key: getattr(entry, key) for key in _KEYS}
    if not isinstance(entry, Mapping):
        address = _address(entry)
        if isinstance(address, Complaint):
            return None, [Problem(path, show(entry), address.message, _PEER_FORM, address.suggestion)]
        return Peer(address), []
    return _peer_of(entry, path)


def _peer_of(entry: Mapping[str, Any], path: str) -> tuple[Peer | None, list[Problem]]:
    problems = [_unknown(within(path, key), key) for key in entry if key not in _KEYS]
    if isinstance(entry, JsonObject):
        problems += [Problem(within(path, key), "", "the key occurs more than once", "once") for key in entry.repeated]
    address = _address(entry["address"]) if "address" in entry else Complaint("missing")
    if isinstance(address, Complaint):
        shown = show(entry["address"]) if "address" in entry else ""
        problems.append(Problem(within(path, "address"), shown, address.message, "an address", address.suggestion))
    limits = [entry.get("min_hop_limit", 0), entry.get("max_hop_limit", HOP_LIMIT)]
    for key, limit in zip(_KEYS[1:], limits, strict=True):
        if isinstance(limit, BadNumber) or type(limit) is not int or not 0 <= limit <= HOP_LIMIT:
            shown = str(limit) if isinstance(limit, BadNumber) else show(limit)
            problems.append(Problem(within(path, key), shown, "is not a hop limit", _HOP_LIMITS))
    if problems or isinstance(address, Complaint):
        return None, problems
    least, most = limits
    if least > most:
        allowed = f"at most max_hop_limit, {most}"
        return None, [Problem(within(path, "min_hop_limit"), show(least), "is above max_hop_limit", allowed)]
    return Peer(address, least, most), []


def _unknown(path: str, key: str) -> Problem:
    meant = nearest(key, _KEYS)
    return Problem(path, "", "unknown key", ", ".join(_KEYS), f'did you mean "{meant}"?' if meant else None)


_LIMIT: Final = {"type": "integer", "minimum": 0, "maximum": HOP_LIMIT}
_JSON_SCHEMA: Final[Mapping[str, Any]] = {
    "type": "array",
    "maxItems": MOST_PEERS,
    "items": {
        "anyOf": [
            {"type": "string"},
            {
                "type": "object",
                "required": ["address"],
                "properties": {"address": {"type": "string"}, "min_hop_limit": _LIMIT, "max_hop_limit": _LIMIT},
                "additionalProperties": False,
            },
        ]
    },
    "default": [],
}

PEERS: Final = Nested(_peers, _JSON_SCHEMA)
"""The value of `unicast_peers`."""
