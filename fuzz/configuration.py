"""Any bytes of a file are a `Configuration` or a `ConfigError`, and nothing else is raised.

A refusal is a report: a line of plain ASCII for each problem, with a message. What is accepted runs: its protocol
instances are valid and none is in the way of another, it is written and read again as the same, and it reaches the
engine as it is, in packets that are small enough.
"""

from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Final

import msgspec

from failover.config import (
    DAEMON_SETTINGS,
    SETTINGS,
    Authentication,
    Complaint,
    ConfigError,
    Configuration,
    DaemonSettings,
    Source,
    VirtualRouter,
    parse,
)
from failover.config.authentication.password import Password
from failover.engine.intended import Intended, intended
from failover.engine.reload.handover import Complete, Excluded, Instances, bad, decode, encode, handover
from failover.messages import MAX_MESSAGE_BYTES
from failover.vrrp import Secret, VirtualAddress
from fuzz import json_tree

WORDS: Final = tuple(
    word.encode()
    for word in (
        *(f'"{name}":' for name in (*SETTINGS, *DAEMON_SETTINGS, "virtual_routers", "daemon")),
        *('"password"', '"file":', '"credential":', '"method":', '"/etc/failover/password"'),
        *('"auto"', '"rfc9568"', '"pseudo_header"', '"eth0"', '"192.0.2.1/24"', '"fe80::1/64"', '"2001:db8::1/64"'),
        *("true", "false", "null", "NaN", "Infinity", "1e999", "40.95", "\\ud800"),
    )
)

_EXAMPLES: Final = Path(__file__).parents[1] / "docs" / "examples"


def seeds() -> Iterator[bytes]:
    """The examples of the documentation, a file in each shape with every setting, many addresses, and none."""
    yield from (b"[" * 2000, "{}".encode("utf-16"), b"\xef\xbb\xbf{}", b"\xff", b"{'vrid': 1}", b"[1,] // comment")
    yield from (
        b"vrrp_instance X {",
        b"- vrid: 51",
        b"vrid = 51",
        b'{"vrid": 051}',
        b'{"vrid": "51.0 s"}',
        b'{"state": [51.0]}',
    )
    yield b'{"ip_addresses": ["10.0.0.1 dev eth0", "fe80::1/64%eth0", "10.0.0.1, 10.0.0.2", "gw", "010.0.0.1"]}'
    yield b'{"ip_addresses": [{"ip": "10.0.0.1", "length": 24}], "advert_interval": 1000, "vrid": [51]}'
    yield from (path.read_bytes() for path in sorted(_EXAMPLES.glob("*.json")))
    addresses = ["fe80::1/64", "192.0.2.1/24", "2001:db8::1/64"]
    one = VirtualRouter(vrid=51, interface_name="eth0", ip_addresses=addresses)
    two = VirtualRouter(vrid=52, interface_name="eth0", ip_addresses=["192.0.2.2"], version=2, check_address_list=True)
    three = VirtualRouter(
        name="GW",
        vrid=52,
        interface_name="eth1",
        ip_addresses=["192.0.2.3/24"],
        excluded_ip_addresses=["198.51.100.1/24"],
        with_version_2=True,
    )
    four = VirtualRouter(
        vrid=54,
        interface_name="eth2",
        ip_addresses=["192.0.2.4/24"],
        version=2,
        authentication=Password(Source("file", "/etc/failover/password"), Secret(b"/etc/failover/password")),
    )
    many = VirtualRouter(
        vrid=53,
        interface_name="eth0",
        ip_addresses=["10.0.0.1"],
        excluded_ip_addresses=[f"10.1.{number // 100}.{number % 100 + 1}" for number in range(300)],
    )
    for configuration in (
        Configuration(virtual_routers=(one,)),
        Configuration(virtual_routers=(many, four)),
        Configuration(virtual_routers=(one, two, three), daemon=DaemonSettings(cpu_affinity=(0, 1))),
    ):
        yield _written(configuration)
        yield _written(configuration.virtual_routers)
        yield from map(_written, configuration.virtual_routers)


def one(data: bytes) -> None:
    """Read it, and use what was read."""
    try:
        configuration = parse(data, "FILE", _read)
    except ConfigError as error:
        _check_report(error)
    else:
        _check_instances(configuration)
        _check_handover(configuration)
        assert parse(_written(configuration), read_secret=_read) == configuration
        again = parse(_written(configuration.virtual_routers), read_secret=_read)
        assert again.virtual_routers == configuration.virtual_routers


def mutate(data: bytes, chance: Random) -> bytes | None:
    """Change a file as the tree that it is."""
    return json_tree.changed(data, chance)


def _check_report(error: ConfigError) -> None:
    report = str(error)
    assert error.problems
    assert report.isascii()
    assert report.count("\n") == len(error.problems)
    assert all(problem.message for problem in error.problems)
    assert len(encode(bad(report))) <= MAX_MESSAGE_BYTES


def _check_instances(configuration: Configuration) -> None:
    routers = configuration.virtual_routers
    found = intended(configuration)
    assert len({one.id for one in found}) == len(found) >= len(routers) >= 1
    assert len({router.name for router in routers}) == len(routers)
    assert all(router.name for router in routers)


def _check_handover(configuration: Configuration) -> None:
    packets = [encode(message) for message in handover(configuration)]
    assert all(len(packet) <= MAX_MESSAGE_BYTES for packet in packets)
    *parts, last = map(decode, packets)
    assert isinstance(last, Complete)
    assert last.daemon == configuration.daemon
    arrived: list[Intended] = []
    excluded: list[VirtualAddress] = []
    for part in parts:
        if isinstance(part, Excluded):
            excluded += part.unpacked()
        else:
            assert isinstance(part, Instances)
            arrived += part.unpacked(excluded)
            excluded = []
    assert arrived == intended(configuration)
    assert not excluded


def _written(value: object) -> bytes:
    return msgspec.json.encode(value, enc_hook=_plain)


def _plain(value: object) -> object:
    return value.written() if isinstance(value, Authentication) else str(value)


def _read(source: Source) -> Secret | Complaint:
    """What is in a file depends on its name alone: no file of this host is looked at."""
    content = source.name.encode(errors="surrogatepass")
    return Complaint("cannot be read") if content.endswith(b"x") else Secret(content)
