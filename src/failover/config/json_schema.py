"""The JSON Schema (2020-12) of the file, made from the same settings that validation reads.

A schema cannot say everything: clashes between entries, the step of an interval and what makes a host address are
left to `failover check`.
"""

from enum import Enum
from typing import Annotated, Any, Final, Literal, get_origin

import msgspec

from failover.config.file import ROUTERS
from failover.config.router import SETTINGS
from failover.config.settings import Setting, as_json

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


def schema() -> dict[str, Any]:
    """The schema as a JSON object; every call makes a new one."""
    long_form = {
        "type": "object",
        "description": "The long form.",
        "required": [ROUTERS],
        "properties": {ROUTERS: _ROUTER_LIST},
        "additionalProperties": False,
    }
    return {
        "$schema": DIALECT,
        "title": "Failover configuration",
        "description": "One virtual router, a list of them, or an object with virtual_routers.",
        "anyOf": [_ROUTER, _ROUTER_LIST, long_form],
        "$defs": {"VirtualRouter": {**_virtual_router(), **_BY_VERSION}},
    }


def _virtual_router() -> dict[str, Any]:
    fields = [_field(setting) for setting in SETTINGS.values()]
    struct = msgspec.defstruct("VirtualRouter", fields, kw_only=True, forbid_unknown_fields=True)
    components = msgspec.json.schema_components((struct,), ref_template="#/{name}")[1]
    described: dict[str, Any] = components["VirtualRouter"]
    for name, setting in SETTINGS.items():
        described["properties"][name]["description"] = _description(setting)
    del described["properties"]["name"]["default"]  # it depends on the entry
    described["description"] = "A virtual router: addresses that move together between hosts."
    return described


def _field(setting: Setting) -> tuple[str, Any] | tuple[str, Any, Any]:
    """The field with the type that it has in the file: addresses are strings, enumerations their values."""
    kind: Any = setting.type
    if get_origin(kind) is tuple:
        kind = tuple[str, ...]
    elif issubclass(kind, Enum):
        kind = Literal[*(member.value for member in kind)]
    kind = Annotated[kind, *setting.constrained.__metadata__]
    if setting.required:
        return setting.name, kind
    return setting.name, kind, msgspec.json.decode(as_json(setting.default))


def _description(setting: Setting) -> str:
    unit = f" {setting.unit.capitalize()}." if setting.unit else ""
    section = f" ({setting.section})" if setting.section else ""
    return f"{setting.description}{unit} Allowed: {setting.allowed}.{section}"
