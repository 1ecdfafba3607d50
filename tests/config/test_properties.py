"""For any input: an answer or a `ConfigError`; and what is accepted can run and be written again."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from failover.config import ConfigError, Configuration, instances, parse
from tests.config.strategies import JSON, NEARLY, documents


def check(text: str | bytes) -> None:
    """Parse, and look at whatever comes of it."""
    try:
        configuration = parse(text, "FILE")
    except ConfigError as error:
        refusal = error
    else:
        runs(configuration)
        return
    assert refusal.problems
    assert str(refusal).isascii()
    assert str(refusal).count("\n") == len(refusal.problems)
    assert all(problem.message for problem in refusal.problems)


def runs(configuration: Configuration) -> None:
    """Every virtual router makes valid protocol instances, and none is in the way of another."""
    keys = [
        (router.interface_name, instance.family, instance.vrid)
        for router in configuration.virtual_routers
        for instance in instances(router)
    ]
    assert len(set(keys)) == len(keys) >= len(configuration.virtual_routers) >= 1
    names = {router.name for router in configuration.virtual_routers}
    assert len(names) == len(configuration.virtual_routers)
    assert all(names)


@given(st.binary() | st.text())
def test_any_bytes_and_any_text_are_answered(text: str | bytes) -> None:
    check(text)


@given(JSON)
def test_any_json_is_answered(document: Any) -> None:
    check(json.dumps(document))


@given(NEARLY, st.booleans())
def test_any_near_configuration_is_answered(document: list[Any], long_form: bool) -> None:  # noqa: FBT001 - drawn
    check(json.dumps({"virtual_routers": document} if long_form else document))


@given(documents())
def test_every_valid_configuration_is_accepted_and_runs(document: Any) -> None:
    runs(parse(json.dumps(document)))


@given(documents())
def test_what_was_read_can_be_written_and_read_again(document: Any) -> None:
    configuration = parse(json.dumps(document))
    written = msgspec.json.encode(configuration, enc_hook=str)
    assert parse(written) == configuration
    if not configuration.trackers:
        assert parse(msgspec.json.encode(configuration.virtual_routers, enc_hook=str)) == configuration


@given(documents(), st.sampled_from(("vrid", "interface_name", "ip_addresses")), st.data())
def test_a_valid_configuration_with_one_setting_spoilt_has_that_one_problem(
    document: Any, setting: str, data: st.DataObject
) -> None:
    entries = document if isinstance(document, list) else document.get("virtual_routers", [document])
    place = data.draw(st.integers(0, len(entries) - 1))
    entries[place][setting] = None
    with pytest.raises(ConfigError) as caught:
        parse(json.dumps(document))
    (problem,) = caught.value.problems
    assert problem.path.endswith(setting)
