"""The keys of keepalived, FRR and others, and of the original's first releases: what to write here instead."""

from collections.abc import Container, Iterable
from typing import Final, NamedTuple


class Counterpart(NamedTuple):
    """What there is here in the place of somebody else's key."""

    settings: tuple[str, ...]
    """The settings that it stands for; empty where there is no such thing."""
    words: str
    """What to write, or why there is nothing to write."""


OF_ROUTER: Final = (
    *("name", "vrid", "interface_name", "ip_addresses", "priority", "advert_interval", "preempt_mode", "version"),
    *("excluded_ip_addresses", "checksum", "require_link_local", "check_address_list", "with_version_2"),
    *("source_address", "multicast_group", "unicast_peers", "hop_limit", "no_ip_addresses", "preferred_lifetime"),
    *("accept_mode", "authentication", "track"),
)
OF_DAEMON: Final = ("realtime_priority", "lock_memory", "cpu_affinity", "agent_user")
"""Our own settings, which may stand in the wrong place; a test holds both against the settings themselves."""
_REQUIRED: Final = ("vrid", "interface_name", "ip_addresses")
"""What an entry must have: a block of keepalived's has all of them."""

_RENAMED: Final[dict[str, str]] = {
    "vrid": "virtual_router_id vrrp_id vrrp_group group group_id id",
    "interface_name": "interface network_interface iface ifname dev device nic",
    "ip_addresses": (
        "virtual_ipaddress virtual_ipaddresses virtual_ip virtual_ips virtual_address virtual_addresses"
        " virtual_ip_address virtual_ip_addresses vip vips ip ips ipv4 ipv6 address addresses ip_address"
    ),
    "excluded_ip_addresses": "virtual_ipaddress_excluded excluded_addresses excluded",
    "preempt_mode": "preempt preemption",
    "version": "vrrp_version protocol_version vrrp_ver",
    "accept_mode": "accept",
    "preferred_lifetime": "preferred_lft",
    "source_address": "mcast_src_ip unicast_src_ip hello_source_address source_ip",
    "multicast_group": "mcast_dst_ip vrrp_mcast_group4 vrrp_mcast_group6 mcast_group",
    "unicast_peers": "unicast_peer peers",
    "hop_limit": "unicast_ttl ttl",
    "name": "instance instance_name",
    "realtime_priority": "vrrp_rt_priority rt_priority",
    "lock_memory": "vrrp_no_swap no_swap mlock",
    "cpu_affinity": "vrrp_cpu_affinity",
    "agent_user": "script_user user",
}
"""By our key, the others that take the same value."""

_OTHERWISE: Final[dict[str, tuple[str, str]]] = {
    "advert_int adver_int advertisement_interval advertise_interval advertisement_timer adv_interval interval": (
        "advert_interval",
        'did you mean "advert_interval"? it is in seconds',
    ),
    "nopreempt no_preempt": ("preempt_mode", 'write "preempt_mode": false'),
    "no_accept": ("accept_mode", 'write "accept_mode": false'),
    "checksum_with_ipv4_pseudoheader checksum_compatibility": (
        "checksum",
        'write "checksum": "pseudo_header", or leave it out: it follows the peers',
    ),
    "skip_check_adv_addr vrrp_skip_check_adv_addr": (
        "check_address_list",
        'leave it out: addresses are not compared unless "check_address_list" is true',
    ),
}
"""By somebody else's keys, ours with another value: the key, and what to write."""

_BLOCKS: Final = "vrrp_instance vrrp_instances vrrp instances routers virtual_router_list"

_NOT_HERE: Final[dict[str, str]] = {
    "state initial_state": "leave it out: the election decides who is MASTER, by priority",
    "auth_type auth_pass auth_key authentication_type": (
        'with version 2, write "authentication": {"method": "password", "password": {"file": "/PATH"}}'
    ),
    "use_vmac vmac_xmit_base virtual_mac mac rfc3768_compatibility": (
        "leave it out: addresses are served with the interface's own MAC address"
    ),
    "check_unicast_src unicast_fault_no_peer vrrp_check_unicast_src": (
        "leave it out: only peers are listened to, and without another host there is a fault"
    ),
    "min_ttl max_ttl": 'write {"address": "ADDRESS", "min_hop_limit": 250} in "unicast_peers"',
    "dont_track_primary": "leave it out: without its interface a virtual router always gives up its addresses",
    "virtual_routes virtual_rules static_routes static_rules routes rules": "leave it out: it sets no routes or rules",
    "preempt_delay start_delay startup_delay vrrp_startup_delay": "leave it out: there is no such delay",
    "sync_group sync_groups vrrp_sync_group": "leave it out: there are no groups; virtual routers fail over one by one",
    "vrrp_strict strict_mode strict": "leave it out: the daemon always follows the RFC",
    "promote_secondaries": "leave it out: it is always switched on",
    "native_ipv6": "leave it out: IPv6 addresses belong in ip_addresses",
    "global_defs": 'leave it out: settings of the daemon belong in "daemon"',
    "router_id": 'leave it out: hosts have no name here; the number of a virtual router is "vrid"',
    "lvs_sync_daemon lvs_sync_daemon_interface virtual_server real_server": "leave it out: there is no load balancing",
    "vrrp_script script scripts track_script track_process track_file track_bfd": (
        "leave it out: only interfaces are tracked"
    ),
    "track_interface track_interfaces": (
        'write "track": ["NAME"], and "trackers": [{"name": "NAME", "type": "interface", "interface_name": "IFACE"}]'
        ' beside "virtual_routers"'
    ),
    "trackers": 'write {"virtual_routers": [{...}], "trackers": [{...}]}',
    "smtp_alert notification_email notification_email_from smtp_server": "leave it out: no mail is sent",
    "enabled enable disabled disable shutdown": "leave it out: every entry runs, so remove an entry that must not run",
    "debug log_level log_file log_detail": "leave it out: all events are logged",
    "owner address_owner": 'write "priority": 255 if the addresses are this host\'s own',
    "auto autoconfigure": "leave it out: each virtual router is an entry",
}
"""By somebody else's keys, why there is nothing to write."""

_NOT_HERE_BY_PREFIX: Final[dict[str, str]] = {
    "garp_": "leave it out: a new MASTER announces its addresses by itself",
    "vrrp_garp_": "leave it out: a new MASTER announces its addresses by itself",
    "gna_": "leave it out: a new MASTER announces its addresses by itself",
    "track": "leave it out: only interfaces are tracked",
    "notify": "leave it out: no script is called; the log and `failover status` show changes",
}


def counterpart(key: str, settings: Container[str]) -> Counterpart | None:
    """What to write in the place of `key`, which is none of `settings`; None where nobody is known to have it."""
    wanted = key.casefold().replace("-", "_")
    found = _TABLE.get(wanted)
    if found is None:
        words = (words for prefix, words in _NOT_HERE_BY_PREFIX.items() if wanted.startswith(prefix))
        return next((Counterpart((), one) for one in words), None)
    if found.settings in {(), _REQUIRED} or found.settings[0] in settings:
        return found
    name = found.settings[0]
    place = '"daemon", beside "virtual_routers"' if name in OF_DAEMON else 'an entry of "virtual_routers"'
    return Counterpart((), f'"{name}" belongs in {place}')


def _table() -> Iterable[tuple[str, Counterpart]]:
    for name, keys in _RENAMED.items():
        yield from ((key, Counterpart((name,), f'did you mean "{name}"?')) for key in keys.split())
    for keys, (name, words) in _OTHERWISE.items():
        yield from ((key, Counterpart((name,), words)) for key in keys.split())
    for keys, words in _NOT_HERE.items():
        yield from ((key, Counterpart((), words)) for key in keys.split())
    for key in _BLOCKS.split():
        yield key, Counterpart(_REQUIRED, 'write each of them as an object in the list "virtual_routers"')
    without = 'write "no_ip_addresses": true'
    yield "no_virtual_ipaddress", Counterpart(("no_ip_addresses", "ip_addresses"), without)
    yield "daemon", Counterpart((), 'write {"virtual_routers": [{...}], "daemon": {...}}')
    yield from ((key, Counterpart((key,), f'did you mean "{key}"?')) for key in (*OF_ROUTER, *OF_DAEMON))


_TABLE: Final = dict(_table())
