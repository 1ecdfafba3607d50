"""The JSON Schema (2020-12) of the file, made from the same settings as the validation.

A schema cannot express everything: only `failover check` finds clashes between entries, an interval that is not in
whole steps, and an address that no host can have.
"""

from collections.abc import Mapping
from enum import Enum
from typing import Annotated, Any, Final, Literal

import msgspec

from failover.config.checking.settings import Setting, as_json
from failover.config.daemon_settings import DAEMON_SETTINGS
from failover.config.file import DAEMON, ROUTERS, TRACKERS
from failover.config.router import SETTINGS
from failover.config.tracking.trackers import MOST_TRACKERS, TRACKER_SETTINGS, TYPE
from failover.vrrp.protocol import VirtualAddress

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

_ROUTER: Final = {"$ref": "#/$defs/VirtualRouter"}
_ROUTER_LIST: Final = {"type": "array", "minItems": 1, "items": _ROUTER}

_BY_VERSION: Final[dict[str, Any]] = {
    "if": {"required": ["version"], "properties": {"version": {"const": 2}}},
    "then": {
        "properties": {
            "advert_interval": {"type": "integer"},
            "ip_addresses": {"items": {"pattern": "^[^:]*$"}},
            "excluded_ip_addresses": {"items": {"pattern": "^[^:]*$"}},
            "checksum": {"const": "auto"},
            "with_version_2": {"const": False},
        }
    },
    "else": {
        "properties": {"advert_interval": {"maximum": 40.95}, "check_address_list": {"const": False}},
    },
}

_BY_ADDRESSES: Final[dict[str, Any]] = {
    "if": {"required": ["no_ip_addresses"], "properties": {"no_ip_addresses": {"const": True}}},
    "then": {
        "properties": {
            "ip_addresses": {"maxItems": 0},
            "excluded_ip_addresses": {"maxItems": 0},
            "priority": {"maximum": 254},
        }
    },
    "else": {"required": ["ip_addresses"], "properties": {"ip_addresses": {"minItems": 1}}},
}


def schema() -> dict[str, Any]:
    """The schema as a JSON object, a new one at each call."""
    long_form = {
        "type": "object",
        "description": "The long form.",
        "required": [ROUTERS],
        "properties": {
            ROUTERS: _ROUTER_LIST,
            TRACKERS: {"type": "array", "maxItems": MOST_TRACKERS, "items": {"$ref": "#/$defs/Tracker"}},
            DAEMON: {"$ref": "#/$defs/Daemon"},
        },
        "additionalProperties": False,
    }
    return {
        "$schema": DIALECT,
        "title": "Failover configuration",
        "description": "One virtual router, a list of them, or an object with virtual_routers.",
        "anyOf": [_ROUTER, _ROUTER_LIST, long_form],
        "$defs": {
            "VirtualRouter": {**_virtual_router(), "allOf": [_BY_VERSION, _BY_ADDRESSES]},
            "Tracker": {"anyOf": [_tracker(kind) for kind in TRACKER_SETTINGS]},
            "Daemon": _daemon(),
        },
    }


def _object(name: str, settings: Mapping[str, Setting]) -> dict[str, Any]:
    fields = [_field(setting) for setting in settings.values()]
    struct = msgspec.defstruct(name, fields, kw_only=True, forbid_unknown_fields=True)
    components = msgspec.json.schema_components((struct,), ref_template="#/{name}")[1]
    described: dict[str, Any] = components[name]
    for key, setting in settings.items():
        described["properties"][key] |= setting.nested.json_schema if setting.nested else {}
        described["properties"][key]["description"] = _description(setting)
    return described


def _daemon() -> dict[str, Any]:
    return {**_object("Daemon", DAEMON_SETTINGS), "description": "Settings of the daemon itself."}


def _tracker(kind: str) -> dict[str, Any]:
    described = _object("Tracker", TRACKER_SETTINGS[kind])
    described["properties"] = {TYPE: {"const": kind}, **described["properties"]}
    described["required"] = [TYPE, *described["required"]]
    return {**described, "description": f"A tracker of the type {kind}."}


def _virtual_router() -> dict[str, Any]:
    described = _object("VirtualRouter", SETTINGS)
    del described["properties"]["name"]["default"]  # it depends on the entry
    described["description"] = "A virtual router: addresses that move together between hosts."
    return described


def _field(setting: Setting) -> tuple[str, Any] | tuple[str, Any, Any]:
    """A setting as a struct field with the type that it has in the file: addresses and enumerations are strings."""
    kind: Any = setting.type
    if setting.nested is not None:
        kind = Any
    elif kind == tuple[VirtualAddress, ...]:
        kind = tuple[str, ...]
    elif isinstance(kind, type) and issubclass(kind, Enum):
        kind = Literal[*(member.value for member in kind)]
    kind = Annotated[kind, *setting.constrained.__metadata__]
    if setting.required and not setting.unless:
        return setting.name, kind
    return setting.name, kind, msgspec.json.decode(as_json(setting.default))


def _description(setting: Setting) -> str:
    unit = f" {setting.unit.capitalize()}." if setting.unit else ""
    section = f" ({setting.section})" if setting.section else ""
    return f"{setting.description}{unit} Allowed: {setting.allowed}.{section}"
