"""`VirtualRouter` and its table of settings."""

import inspect
from ipaddress import IPv4Interface, IPv6Interface
from typing import Any

import msgspec
import pytest

from failover.config import SETTINGS, ConfigError, DaemonSettings, VirtualRouter
from failover.config.checking.settings import nearest, settings_of
from failover.vrrp.protocol import Version
from failover.vrrp.router import ChecksumPolicy
from tests.config.documents import accepted
from tests.rfc.marks import negative, positive


@positive("R-028", "R-029", "R-033", "M-014")
def test_the_defaults_are_those_of_the_rfc() -> None:
    router = accepted()
    assert router.priority == 100
    assert router.advert_interval == 1
    assert router.preempt_mode is True


def test_the_other_defaults_are_those_of_the_documentation() -> None:
    router = accepted()
    assert router.version is Version.V3
    assert router.checksum is ChecksumPolicy.AUTO
    assert router.require_link_local is True
    assert router.check_address_list is False
    assert router.with_version_2 is False
    assert router.excluded_ip_addresses == ()


@negative("R-028", "R-033")
def test_a_given_value_overrules_the_default() -> None:
    router = accepted(priority=7, preempt_mode=False)
    assert (router.priority, router.preempt_mode) == (7, False)


def test_code_may_pass_what_the_file_has() -> None:
    router = VirtualRouter(
        vrid=51,
        interface_name="eth0",
        ip_addresses=["192.168.100.100/24", IPv6Interface("fe80::1/64")],
        version=3,
        advert_interval=1,
        checksum="rfc9568",
    )
    assert router.name == "VR_51"
    assert router.ip_addresses == (IPv4Interface("192.168.100.100/24"), IPv6Interface("fe80::1/64"))
    assert router.version is Version.V3
    assert router.checksum is ChecksumPolicy.MESSAGE
    assert router == accepted(ip_addresses=["192.168.100.100/24", "fe80::1/64"], checksum="rfc9568")


def test_code_that_passes_wrong_values_hears_of_every_field() -> None:
    wrong: dict[str, Any] = {
        "vrid": 10**5000,
        "interface_name": b"eth0",
        "ip_addresses": {"10.0.0.1"},
        "priority": None,
        "advert_interval": float("nan"),
        "excluded_ip_addresses": (IPv4Interface("10.0.0.0/24"), 7),
    }
    with pytest.raises(ConfigError) as caught:
        VirtualRouter(**wrong)
    assert str(caught.value).split("\n  ") == [
        "VirtualRouter: 7 problems",
        "vrid: a huge number is out of range; allowed: 1 to 255",
        "interface_name: b'eth0' is bytes, not a string; allowed: 1 to 15 bytes without spaces, / or :",
        (
            "ip_addresses: {'10.0.0.1'} is set, not a list; allowed: a list of \"ADDRESS/LENGTH\","
            ' or "ADDRESS" for a /32 or /128; 1 to 255 of each family'
        ),
        "priority: null is not a value; allowed: 1 to 254, or 255 for the owner of the addresses; leave the key out",
        (
            "advert_interval: NaN is out of range;"
            " allowed: 0.01 to 40.95 in steps of 0.01; with version 2 whole seconds, 1 to 255"
        ),
        (
            'excluded_ip_addresses[0]: "10.0.0.0/24" is the address of the network itself, not of a host in it;'
            ' allowed: "ADDRESS/LENGTH", or "ADDRESS" for a /32 or /128'
        ),
        (
            "excluded_ip_addresses[1]: 7 is a number, not a string;"
            ' allowed: "ADDRESS/LENGTH", or "ADDRESS" for a /32 or /128'
        ),
    ]


def test_a_changed_copy_is_checked_as_well() -> None:
    router = VirtualRouter(vrid=1, interface_name="eth0", ip_addresses=["10.0.0.1"])
    assert msgspec.structs.replace(router, priority=7).priority == 7
    with pytest.raises(ConfigError, match="priority: 0 is out of range"):
        msgspec.structs.replace(router, priority=0)


def test_it_cannot_be_changed_and_can_be_a_key() -> None:
    router = accepted()
    with pytest.raises(AttributeError):
        router.vrid = 2  # type: ignore[misc]
    assert {router: 1}[accepted()] == 1


def test_the_signature_for_type_checkers_names_every_setting_with_its_default() -> None:
    source = inspect.getsource(VirtualRouter)
    signature = source[source.index("def __init__") : source.index(") -> None: ...")]
    written = dict(line.strip().rstrip(",").partition(":")[::2] for line in signature.splitlines() if ": " in line)
    written = {name: text for name, text in written.items() if name.isidentifier()}
    assert written.keys() == SETTINGS.keys()
    assert {name for name, text in written.items() if "=" not in text} == {
        name for name, setting in SETTINGS.items() if setting.required and not setting.unless
    }


def test_every_setting_is_documented() -> None:
    for setting in SETTINGS.values():
        assert setting.description.endswith(".")
        assert setting.allowed
        assert bool(setting.default_text) != setting.required
        assert setting.section.startswith(("", "RFC "))


def test_the_table_shows_defaults_as_the_file_writes_them() -> None:
    texts = {name: setting.default_text for name, setting in SETTINGS.items() if not setting.required}
    assert texts == {
        "name": '"VR_<vrid>"',
        "priority": "100",
        "advert_interval": "1",
        "preempt_mode": "true",
        "version": "3",
        "excluded_ip_addresses": "[]",
        "checksum": '"auto"',
        "require_link_local": "true",
        "check_address_list": "false",
        "with_version_2": "false",
        "source_address": "the interface's first address; for IPv6 its link-local one",
        "multicast_group": "224.0.0.18; for IPv6 ff02::12",
        "unicast_peers": "[]",
        "hop_limit": "255",
        "no_ip_addresses": "false",
        "preferred_lifetime": "0",
        "accept_mode": "true",
        "authentication": "none",
        "track": "[]",
    }
    assert settings_of(VirtualRouter) == SETTINGS


@pytest.mark.parametrize("name", SETTINGS)
def test_a_slip_in_any_key_is_understood(name: str) -> None:
    slips = {name.upper(), name.replace("_", "-"), name[:-1], name[0] + name[2] + name[1] + name[3:]}
    for slip in slips - {name}:
        assert nearest(slip, SETTINGS) == name


def test_what_is_missing_or_unknown_is_named_like_all_else_that_is_wrong() -> None:
    with pytest.raises(ConfigError) as caught:
        VirtualRouter(vrid=300, prio=7, ip_addresses=["192.0.2.1/24"])  # type: ignore[call-arg]
    assert [(one.path, one.message) for one in caught.value.problems] == [
        ("prio", "unknown key"),
        ("vrid", "is out of range"),
        ("interface_name", "missing"),
    ]
    with pytest.raises(ConfigError, match="vrid: missing"):
        VirtualRouter()  # type: ignore[call-arg]


def test_what_has_no_name_is_refused_and_what_was_probably_meant_is_said() -> None:
    entry = {"vrid": 51, "interface_name": "eth0", "ip_addresses": ["192.0.2.100/24"]}
    with pytest.raises(ConfigError) as caught:
        VirtualRouter(entry)  # type: ignore[call-arg, arg-type]
    assert str(caught.value) == (
        "VirtualRouter: 1 problem\n"
        "  a dict is given without a name; allowed: each setting by its name; write VirtualRouter(**entry)"
    )
    with pytest.raises(ConfigError, match=r"2 problems\n  an int is given without a name.*\n  a str is given"):
        VirtualRouter(51, "eth0", priority=7)  # type: ignore[call-arg]
    with pytest.raises(ConfigError, match=r"write DaemonSettings\(\*\*entry\)"):
        DaemonSettings({})  # type: ignore[call-arg, arg-type]


def test_the_settings_of_the_daemon_are_as_strict() -> None:
    with pytest.raises(ConfigError, match="lock_memor: unknown key"):
        DaemonSettings(lock_memor=True)  # type: ignore[call-arg]
