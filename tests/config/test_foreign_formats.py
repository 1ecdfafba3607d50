"""A file in another format is called by its name, and habits from other languages are answered."""

import json

import pytest

from failover.config import parse
from failover.config.foreign.formats import EXAMPLE, FRR, KEEPALIVED
from tests.config.documents import complaints

VRRP_INSTANCE = """\
! Configuration File for keepalived

vrrp_instance VI_1 {
    state MASTER
    interface eth0
    virtual_router_id 51
    virtual_ipaddress {
        192.168.100.100/24
    }
}
"""
QUOTES = "strings need double quotes"
NUMBER = "a number is written as 51 or 0.5, without a unit; anything else, such as an address, in double quotes"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (VRRP_INSTANCE, KEEPALIVED),
        ("vrrp_instance X {\n}\n", KEEPALIVED),
        ("# old\nglobal_defs {\n}\n" + VRRP_INSTANCE, KEEPALIVED),
        ("vrrp_sync_group G {\n}\n", KEEPALIVED),
        ("interface eth0\n vrrp 51 version 3\n vrrp 51 ip 192.168.100.100\n", FRR),
        ("frr version 8.4\n!\ninterface eth0\n vrrp 51\n", FRR),
        ("vrid: 51\ninterface_name: eth0\n", "YAML"),
        ("# gateway\nvirtual_routers:\n  - vrid: 51\n", "YAML"),
        ("---\nvrid: 51\n", "YAML"),
        ("- vrid: 51\n  interface_name: eth0\n", "YAML"),
        ('vrid = 51\ninterface_name = "eth0"\n', "TOML or INI"),
        ("[[virtual_routers]]\nvrid = 51\n", "TOML or INI"),
        ("[daemon]\nrealtime_priority = 50\n", "TOML or INI"),
        ("; old\n[VR_1]\nvrid=51\n", "TOML or INI"),
        ("<vrrp><vrid>51</vrid></vrrp>", "XML"),
    ],
    ids=lambda text: repr(text[:20]),
)
def test_a_file_in_another_format_is_called_by_its_name_with_what_to_write(text: str, name: str) -> None:
    for written in (text, "\ufeff" + text, text.replace("\n", "\r\n")):
        (line,) = complaints(written)
        assert line.startswith("line 1, column ")
        assert f": not JSON, but {name}; allowed: JSON, such as {EXAMPLE}" in line


def test_what_is_given_as_an_example_is_a_configuration() -> None:
    assert parse(EXAMPLE) == parse(json.dumps([json.loads(EXAMPLE)]))


def test_of_keepalived_and_frr_the_words_are_translated() -> None:
    (line,) = complaints(VRRP_INSTANCE)
    assert line.endswith("virtual_router_id is vrid, interface is interface_name, virtual_ipaddress is ip_addresses")
    (line,) = complaints("interface eth0\n vrrp 51\n")
    assert line.endswith("vrrp 51 ip ADDRESS is vrid and ip_addresses")


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ('{"vrid": 51,}', "no comma after the last entry"),
        ('[{"vrid": 51},\n]', "no comma after the last entry"),
        ('{"ip_addresses": ["10.0.0.1",]}', "no comma after the last entry"),
        ('{"vrid": 51 // office\n}', "JSON has no comments"),
        ('{"vrid": 51, # office\n}', "JSON has no comments"),
        ("/* office */ {}", "JSON has no comments"),
        ("# office\n{}", "JSON has no comments"),
        ("{'vrid': 51}", QUOTES),
        ("{\"interface_name\": 'eth0'}", QUOTES),
        ('{"interface_name": eth0}', QUOTES),
        ("{\u201cvrid\u201d: 51}", "strings need straight double quotes"),
        ('{"interface_name": \u201eeth0\u201d}', "strings need straight double quotes"),
        ("{vrid: 51}", "keys need double quotes"),
        ("{_vrid: 51}", "keys need double quotes"),
        ('{"preempt_mode": True}', "JSON writes true, false and null"),
        ('{"preempt_mode": yes}', "JSON writes true, false and null"),
        ('{"preempt_mode": OFF}', "JSON writes true, false and null"),
        ('{"vrid": 051}', NUMBER),
        ('{"vrid": 0x33}', NUMBER),
        ('{"advert_interval": 1s}', NUMBER),
        ('{"advert_interval": .5}', NUMBER),
        ('{"advert_interval": +1}', NUMBER),
        ('{"ip_addresses": [10.0.0.1/24]}', NUMBER),
        ('{"vrid": 51 "priority": 100}', "a comma is missing before it"),
        ('[{"vrid": 51} {"vrid": 52}]', "a comma is missing before it"),
        ('{"vrid": 51}\n{"vrid": 52}', "several virtual routers are a list: [{...}, {...}]"),
        ('{"vrid": 51},\n{"vrid": 52}', "several virtual routers are a list: [{...}, {...}]"),
        ('"vrid": 51', "an object needs braces: {...}"),
        ('{"vrid": 51', "the file ends too early: a bracket is not closed"),
        ('[{"vrid": 51}', "the file ends too early: a bracket is not closed"),
        ('{"vrid" 51}', ""),
        ('{"vrid": 51}}', ""),
        ('{"a": ?}', ""),
    ],
)
def test_a_habit_from_another_language_is_answered(text: str, hint: str) -> None:
    (line,) = complaints(text)
    assert line.startswith("line ")
    assert line.partition(": not JSON: ")[2].partition("; ")[2] == hint
