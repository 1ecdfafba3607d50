"""What stands in a file that is not JSON: another program's format, or a habit from another language."""

import json
import re
from itertools import islice
from typing import Final

EXAMPLE: Final = '{"vrid": 51, "interface_name": "eth0", "ip_addresses": ["192.168.100.100/24"]}'
KEEPALIVED: Final = "a configuration of keepalived"
FRR: Final = "a configuration of FRR"
IN_OUR_WORDS: Final = {
    KEEPALIVED: (
        "each vrrp_instance is such an object:"
        " virtual_router_id is vrid, interface is interface_name, virtual_ipaddress is ip_addresses"
    ),
    FRR: "each vrrp of an interface is such an object: vrrp 51 ip ADDRESS is vrid and ip_addresses",
}

_COMMENT: Final = ("#", "!", ";", "//", "/*", "*")
_LINES_LOOKED_AT: Final = 200

_KEEPALIVED: Final = re.compile(
    r"(vrrp_\w+|global_defs|static_\w+|virtual_server\w*|track_\w+|bfd_instance|net_namespace|include)\b(?!\s*[:=])"
)
_FRR: Final = re.compile(r"\s*vrrp \d+( |$)")
_TOML: Final = re.compile(r"\[\[?[\w. -]+\]\]?\s*(#.*)?$|[\w.-]+\s*=")
_YAML: Final = re.compile(r"---(\s|$)|%YAML|-(\s|$)|[\w.-]+\s*:(\s|$)")

_NUMBER: Final = "a number is written as 51 or 0.5, without a unit; anything else, such as an address, in double quotes"
_WORDS: Final = frozenset({"true", "false", "none", "yes", "no", "on", "off"})
_CURLED: Final = ("\u201c", "\u201d", "\u201e", "\u2018", "\u2019", "\u00ab", "\u00bb")


def other_format(text: str) -> str | None:
    """The format that a text is in, which is not JSON, in a few words; None where it is JSON that went wrong."""
    lines = [line.strip() for line in islice(text.splitlines(), _LINES_LOOKED_AT)]
    lines = [line for line in lines if line and not line.startswith(_COMMENT)]
    first = lines[0] if lines else ""
    if _KEEPALIVED.match(first):
        return KEEPALIVED
    if any(_FRR.match(line) for line in lines):
        return FRR
    if _TOML.match(first):
        return "TOML or INI"
    if _YAML.match(first):
        return "YAML"
    return "XML" if first.startswith("<") else None


def habit(error: json.JSONDecodeError) -> str | None:
    """A hint where the error is a habit from another language, such as a comment or a trailing comma."""
    before, rest = error.doc[: error.pos].rstrip(), error.doc[error.pos :].lstrip()
    is_trailing = before.endswith(",") or rest.startswith(",")  # the latter since Python 3.13
    if rest.startswith(("//", "/*", "#")):
        return "JSON has no comments"
    if is_trailing and rest.lstrip(",").lstrip().startswith(("}", "]")):
        return "no comma after the last entry"
    if rest.startswith(("'", *_CURLED)):
        return "strings need double quotes" if rest.startswith("'") else "strings need straight double quotes"
    if not rest:
        return "the file ends too early: a bracket is not closed"
    return _after(error, before, rest)


def _after(error: json.JSONDecodeError, before: str, rest: str) -> str | None:
    match error.msg.partition(" ")[2]:
        case "value":
            return _instead_of_a_value(rest)
        case "property name enclosed in double quotes" if rest[0].isalpha() or rest[0] == "_":
            return "keys need double quotes"
        case "',' delimiter" if error.doc[error.pos - 1].isdigit():
            return _NUMBER
        case "',' delimiter" if rest.startswith(('"', "{", "[")):
            return "a comma is missing before it"
        case "data" if rest.startswith(":") and before.endswith('"'):
            return "an object needs braces: {...}"
        case "data" if rest.lstrip(",").lstrip().startswith("{"):
            return "several virtual routers are a list: [{...}, {...}]"
    return None


def _instead_of_a_value(rest: str) -> str | None:
    word = re.match(r"\w*", rest)
    if word and word[0].lower() in _WORDS:
        return "JSON writes true, false and null"
    if rest[0].isalpha():
        return "strings need double quotes"
    return _NUMBER if rest[0] in "+." else None
