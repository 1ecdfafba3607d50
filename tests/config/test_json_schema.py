"""The JSON Schema agrees with validation wherever a schema can."""

import json
from typing import Any

import pytest
from hypothesis import given

from failover.config import SETTINGS, ConfigError, parse, sample, schema
from tests.config.documents import ABSENT, GOOD, entry
from tests.config.schema_validator import is_valid
from tests.config.strategies import NEARLY, documents

SCHEMA = schema()


def valid(document: Any) -> bool:
    return is_valid(document, SCHEMA, SCHEMA)


def test_it_is_json_and_names_its_dialect() -> None:
    assert json.loads(json.dumps(SCHEMA)) == SCHEMA
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_it_describes_every_setting_with_its_default() -> None:
    described = SCHEMA["$defs"]["VirtualRouter"]
    assert list(described["properties"]) == list(SETTINGS)
    assert described["required"] == ["vrid", "interface_name"]
    for name, setting in SETTINGS.items():
        assert setting.description in described["properties"][name]["description"]
        assert setting.allowed in described["properties"][name]["description"]
        assert ("default" in described["properties"][name]) is (name not in {"vrid", "interface_name", "name"})


def test_each_call_makes_its_own() -> None:
    schema()["$defs"].clear()
    assert schema() == SCHEMA


@pytest.mark.parametrize("document", [json.loads(sample()), GOOD, [GOOD], {"virtual_routers": [GOOD]}])
def test_the_documented_samples_are_valid(document: Any) -> None:
    assert valid(document)


@given(documents())
def test_what_is_accepted_is_valid(document: Any) -> None:
    assert valid(document)


@given(NEARLY)
def test_what_is_not_valid_is_refused(document: Any) -> None:
    if not valid(document):
        with pytest.raises(ConfigError):
            parse(json.dumps(document))


@pytest.mark.parametrize(
    "changes",
    [
        {"vrid": 0},
        {"vrid": 256},
        {"vrid": "51"},
        {"vrid": True},
        {"vrid": ABSENT},
        {"priority": 0},
        {"priority": 256},
        {"advert_interval": 0},
        {"advert_interval": 41},
        {"advert_interval": 1.5, "version": 2},
        {"advert_interval": 256, "version": 2},
        {"version": 1},
        {"version": 2, "ip_addresses": ["fe80::1/64"]},
        {"version": 2, "excluded_ip_addresses": ["fe80::1/64"]},
        {"version": 2, "with_version_2": True},
        {"version": 2, "checksum": "rfc9568"},
        {"check_address_list": True},
        {"checksum": "md5"},
        {"preferred_lifetime": 1},
        {"preferred_lifetime": "0"},
        {"preferred_lifetime": False},
        {"preempt_mode": 1},
        {"interface_name": ""},
        {"interface_name": "a" * 16},
        {"name": ""},
        {"name": None},
        {"ip_addresses": []},
        {"ip_addresses": "10.0.0.1"},
        {"ip_addresses": [1]},
        {"priorty": 1},
    ],
    ids=str,
)
def test_what_a_schema_can_refuse_it_refuses(changes: dict[str, Any]) -> None:
    document = entry(**changes)
    assert not valid(document)
    assert not valid([GOOD, document])
    with pytest.raises(ConfigError):
        parse(json.dumps(document))


@pytest.mark.parametrize("document", [[], {}, {"virtual_routers": []}, {"virtual_routers": [GOOD], "x": 1}, 5, None])
def test_other_shapes_are_not_valid(document: Any) -> None:
    assert not valid(document)
