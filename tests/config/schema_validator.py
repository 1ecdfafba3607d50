"""A validator for the part of JSON Schema that our schema uses; an unknown keyword is an error, never passed over."""

import re
from collections.abc import Callable
from typing import Any

_TYPES: dict[str, tuple[type, ...]] = {
    "array": (list,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "object": (dict,),
    "string": (str,),
    "null": (type(None),),
}

_NO_MEANING = {"$schema", "$defs", "title", "description", "default", "then", "else"}


def is_valid(value: Any, schema: dict[str, Any], root: dict[str, Any]) -> bool:
    """Whether `value` is an instance of `schema`, whose references are into `root`."""
    return all(
        _KEYWORDS[keyword](value, wanted, schema, root)
        for keyword, wanted in schema.items()
        if keyword not in _NO_MEANING
    )


def _has_type(value: Any, wanted: str | list[str]) -> bool:
    if isinstance(wanted, list):
        return any(_has_type(value, one) for one in wanted)
    if isinstance(value, bool):
        return wanted == "boolean"
    whole = isinstance(value, float) and value.is_integer()
    return isinstance(value, _TYPES[wanted]) or (whole and wanted == "integer")


def _is_number(value: Any) -> bool:
    return _has_type(value, "number")


def _refers(value: Any, wanted: str, root: dict[str, Any]) -> bool:
    found = root
    for step in wanted.removeprefix("#/").split("/"):
        found = found[step]
    return is_valid(value, found, root)


def _conditional(value: Any, wanted: dict[str, Any], schema: dict[str, Any], root: dict[str, Any]) -> bool:
    return is_valid(value, schema["then" if is_valid(value, wanted, root) else "else"], root)


def _has_properties(value: Any, wanted: dict[str, Any], root: dict[str, Any]) -> bool:
    if not isinstance(value, dict):
        return True
    return all(is_valid(value[key], wanted[key], root) for key in wanted.keys() & value.keys())


def _has_no_others(value: Any, schema: dict[str, Any]) -> bool:
    return not isinstance(value, dict) or value.keys() <= schema["properties"].keys()


def _equal(value: Any, wanted: Any) -> bool:
    return bool(value == wanted) and isinstance(value, bool) == isinstance(wanted, bool)


_KEYWORDS: dict[str, Callable[[Any, Any, dict[str, Any], dict[str, Any]], bool]] = {
    "$ref": lambda v, w, _, root: _refers(v, w, root),
    "additionalProperties": lambda v, w, schema, _: w is False and _has_no_others(v, schema),
    "allOf": lambda v, w, _, root: all(is_valid(v, one, root) for one in w),
    "anyOf": lambda v, w, _, root: any(is_valid(v, option, root) for option in w),
    "const": lambda v, w, *_: _equal(v, w),
    "enum": lambda v, w, *_: any(_equal(v, option) for option in w),
    "if": _conditional,
    "items": lambda v, w, _, root: not isinstance(v, list) or all(is_valid(item, w, root) for item in v),
    "maxItems": lambda v, w, *_: not isinstance(v, list) or len(v) <= w,
    "maxProperties": lambda v, w, *_: not isinstance(v, dict) or len(v) <= w,
    "minProperties": lambda v, w, *_: not isinstance(v, dict) or len(v) >= w,
    "maxLength": lambda v, w, *_: not isinstance(v, str) or len(v) <= w,
    "maximum": lambda v, w, *_: not _is_number(v) or v <= w,
    "minItems": lambda v, w, *_: not isinstance(v, list) or len(v) >= w,
    "minLength": lambda v, w, *_: not isinstance(v, str) or len(v) >= w,
    "minimum": lambda v, w, *_: not _is_number(v) or v >= w,
    "pattern": lambda v, w, *_: not isinstance(v, str) or re.search(w, v) is not None,
    "properties": lambda v, w, _, root: _has_properties(v, w, root),
    "required": lambda v, w, *_: not isinstance(v, dict) or set(w) <= v.keys(),
    "type": lambda v, w, *_: _has_type(v, w),
}
