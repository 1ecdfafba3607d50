"""Hypothesis strategies: valid configurations as JSON documents, and documents that nearly are."""

from ipaddress import IPv4Address, IPv6Address
from typing import Any

from hypothesis import strategies as st

from failover.config import SETTINGS

NAMES = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S")), min_size=1, max_size=128)
INTERFACES = st.from_regex(r"[a-z][a-z0-9._-]{0,14}", fullmatch=True)


@st.composite
def documents(draw: st.DrawFn) -> Any:
    """A valid document in one of the three shapes; VRIDs, names and addresses are unique by construction."""
    vrids = draw(st.lists(st.integers(1, 255), min_size=1, max_size=4, unique=True))
    entries = [draw(entries_of(vrid)) for vrid in vrids]
    for place, entry in enumerate(entries):
        if draw(st.booleans()):
            entry["name"] = draw(NAMES)[:120] + f"#{place}"
    shapes = [entries, tracked(draw, entries)] + ([entries[0]] if len(entries) == 1 else [])
    return draw(st.sampled_from(shapes))


def tracked(draw: st.DrawFn, entries: list[dict[str, Any]]) -> dict[str, Any]:
    """The long form of these entries, some of which follow trackers."""
    names = draw(st.lists(NAMES, max_size=3, unique=True))
    weights = st.integers(-253, 253).filter(bool)
    following = [
        {
            **entry,
            "track": [name if draw(st.booleans()) else {"tracker": name, "weight": draw(weights)} for name in some],
        }
        if (some := draw(st.lists(st.sampled_from(names), unique=True)) if names else [])
        else entry
        for entry in entries
    ]
    trackers = [{"name": name, "type": "interface", "interface_name": draw(INTERFACES)} for name in names]
    return {"virtual_routers": following, **({"trackers": trackers} if trackers else {})}


@st.composite
def entries_of(draw: st.DrawFn, vrid: int) -> dict[str, Any]:
    """A valid entry whose addresses all carry its VRID."""
    version = draw(st.sampled_from((2, 3)))
    families = [4] if version == 2 else draw(st.sampled_from(([4], [6], [4, 6], [6, 4])))
    count = draw(st.integers(1, 5))
    required = {
        "vrid": vrid,
        "interface_name": draw(INTERFACES),
        "ip_addresses": [address(draw, family, vrid, host) for family in families for host in range(1, count + 1)],
    }
    if families == [4] and draw(st.integers(0, 4)) == 0:
        required["ip_addresses"] = []
    options: dict[str, Any] = {
        "priority": (priority := draw(st.integers(1, 254 if not required["ip_addresses"] else 255))),
        "accept_mode": draw(st.booleans()) or priority == 255,
        "preempt_mode": draw(st.booleans()),
        "excluded_ip_addresses": [address(draw, family, vrid, 99) for family in families],
        "require_link_local": draw(st.booleans()),
        "preferred_lifetime": draw(st.sampled_from([0, "forever"] if 6 in families else [0])),
    }
    if len(families) == 1:
        options |= {name: value for name, value in scope_of(draw, families[0]).items() if value}
    if version == 2:
        options["advert_interval"] = draw(st.integers(1, 255))
        options["check_address_list"] = draw(st.booleans())
    else:
        options["advert_interval"] = draw(st.integers(1, 4095)) / 100
        options["checksum"] = draw(st.sampled_from(("auto", "rfc9568", "pseudo_header")))
        options["with_version_2"] = draw(st.booleans()) and 4 in families
    chosen = draw(st.sets(st.sampled_from(sorted(options))))
    written = {name: options[name] for name in chosen} | ({"version": 2} if version == 2 else {})
    if not required["ip_addresses"]:
        written.pop("excluded_ip_addresses", None)
        written["no_ip_addresses"] = True
        if draw(st.booleans()):
            del required["ip_addresses"]
    return required | written


def address(draw: st.DrawFn, family: int, vrid: int, host: int) -> str:
    if family == 4:
        return f"{IPv4Address((10 << 24) + (vrid << 8) + host)}/{draw(st.sampled_from((8, 16, 24, 32)))}"
    network = "fe80::" if host == 1 else "2001:db8::"
    return f"{IPv6Address(network) + (vrid << 16) + host}/{draw(st.sampled_from((64, 128)))}"


JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=5) | st.sampled_from([*SETTINGS, "virtual_routers"]), inner, max_size=6)
    ),
    max_leaves=20,
)

SCALARS = [
    name for name, setting in SETTINGS.items() if not setting.required and isinstance(setting.default, int | float)
]

NEARLY: st.SearchStrategy[Any] = st.lists(
    st.fixed_dictionaries(
        {
            "vrid": st.integers(0, 3) | JSON,
            "interface_name": st.sampled_from(("eth0", "eth1", "", "eth0:1")) | JSON,
            "ip_addresses": st.lists(
                st.sampled_from(("10.0.0.1/24", "10.0.0.1", "fe80::1/64", "2001:db8::1/64", "10.0.0.0/24", "x")) | JSON
            )
            | JSON,
        },
        optional={name: st.sampled_from((0, 1, 2, 3, 0.5, True, False)) | JSON for name in SCALARS},
    )
    | JSON,
    max_size=4,
)
"""Documents of the right outline with good, bad and clashing values in it."""


def scope_of(draw: st.DrawFn, family: int) -> dict[str, Any]:
    """Where it advertises: to peers or to a group, from an address."""
    hosts = ["203.0.113.{}", "2001:db8:9::{}"][family == 6]
    limits = sorted((draw(st.integers(0, 255)), draw(st.integers(0, 255))))
    peer = {"address": hosts.format(2), "min_hop_limit": limits[0], "max_hop_limit": limits[1]}
    peers = draw(st.lists(st.sampled_from([hosts.format(1), hosts.format(3), peer]), unique_by=str, max_size=3))
    return {
        "source_address": draw(st.sampled_from(["", hosts.format(1)])),
        "multicast_group": "" if peers else draw(st.sampled_from(["", ["224.0.0.99", "ff02::99"][family == 6]])),
        "unicast_peers": peers,
        "hop_limit": 0,
    }
