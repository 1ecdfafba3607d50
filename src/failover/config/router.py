"""`VirtualRouter`: one entry of the configuration file, its settings and their documentation."""

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import msgspec
from msgspec.structs import force_setattr

from failover.config.authentication.loading import load_secrets
from failover.config.authentication.setting import AUTHENTICATION, Authentication
from failover.config.checking.addresses import ADDRESS_FORM
from failover.config.checking.built import Built
from failover.config.checking.examine import examine
from failover.config.checking.problems import ConfigError, show
from failover.config.checking.settings import Complaint, Setting, about, settings_of
from failover.config.rules.entry import check_rules
from failover.vrrp.protocol import PRIORITIES, PRIORITY_DEFAULT, VRIDS, Version, VirtualAddress
from failover.vrrp.router import ChecksumPolicy

LONGEST_NAME: Final = 128
"""Characters."""

LONGEST_INTERFACE_NAME: Final = 15
"""Bytes: IFNAMSIZ less the terminating zero."""

_NOT_IN_INTERFACE_NAMES: Final = frozenset("/: \u00a0")
_MAC: Final = re.compile(r"(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}", re.IGNORECASE)
"""In the forms that are no interface's name. Dots, or nothing between the digits, may be in one (`fab0.1000.2000`)."""
_PEER: Final = re.compile(r"[^@]+@if[0-9]+")
"""As in `eth0@if5`: a name that the kernel would give, but hardly has."""
_SHOWN: Final = re.compile(r"(?:[0-9]+:\s+)?([^@:\s]+)(?:@[^@:\s]+)?:?(?:\s+<.*)?")
"""From the output of `ip addr`, such as `2: eth0@if5: <BROADCAST>`."""
_LISTED: Final = "`ip -br link` lists the names of this host's interfaces"
_ADDRESS_LIST: Final = f"a list of {ADDRESS_FORM}"


def _check_name(name: str) -> Complaint | None:
    if not name.isprintable():
        return Complaint("contains a control character")
    if name != name.strip():
        return Complaint("begins or ends with a space", f"did you mean {show(name.strip())}?" if name.strip() else None)
    return None


def _check_interface_name(name: str) -> Complaint | None:
    """Check what the kernel demands of a name (`dev_valid_name` in net/core/dev.c), and that it is printable."""
    if _MAC.fullmatch(name):
        return Complaint("is a MAC address", _LISTED)
    has_good_characters = name.isprintable() and _NOT_IN_INTERFACE_NAMES.isdisjoint(name)
    is_long = len(name.encode(errors="surrogatepass")) > LONGEST_INTERFACE_NAME
    if has_good_characters and not is_long and name not in {".", ".."} and not _PEER.fullmatch(name):
        return None
    shown = _SHOWN.fullmatch(name)
    if shown is not None and shown[1] != name and _check_interface_name(shown[1]) is None:
        of = "of an interface's peer" if "@" in name else "beside an interface's name"
        return Complaint(f"has what `ip` shows {of}", f"did you mean {show(shown[1])}?")
    if name != name.strip() and name.strip() and _check_interface_name(name.strip()) is None:
        return Complaint("cannot be the name of an interface", f"did you mean {show(name.strip())}?")
    if has_good_characters and is_long:
        return Complaint("is too long for the name of an interface", f"an altname cannot be used; {_LISTED}")
    device, *alias = name.split(":")
    is_alias = len(alias) == 1 and " " not in name and device and _check_interface_name(device) is None
    meant = f"the interface of that alias is {show(device)}" if is_alias else None
    return Complaint("cannot be the name of an interface", meant)


class VirtualRouter(msgspec.Struct, frozen=True, kw_only=True, metaclass=Built):
    """A virtual router as an operator configures it: an entry of the file, with defaults applied.

    It may have IPv4 and IPv6 addresses. The protocol runs once for each family, as a `failover.vrrp.VirtualRouter`,
    which is a protocol instance and has one family; `failover.config.instances` makes those from this.

    The constructor takes what the file takes, so addresses may be strings. It raises `ConfigError`, which names every
    field that is wrong.
    """

    name: Annotated[
        str,
        about(
            "Names the virtual router in commands, status and logs.",
            f"1 to {LONGEST_NAME} printable characters, unique in the file",
            default_text='"VR_<vrid>"',
            check=_check_name,
            min_length=1,
            max_length=LONGEST_NAME,
        ),
    ] = ""
    vrid: Annotated[
        int,
        about(
            "The number of the virtual router on its LAN. It must be the same on all hosts.",
            "1 to 255",
            section="RFC 9568 §5.2.3",
            ge=VRIDS[0],
            le=VRIDS[-1],
        ),
    ]
    interface_name: Annotated[
        str,
        about(
            "The network interface. If it does not exist yet, the daemon waits for it.",
            f"1 to {LONGEST_INTERFACE_NAME} bytes without spaces, / or :",
            check=_check_interface_name,
            min_length=1,
            max_length=LONGEST_INTERFACE_NAME,
        ),
    ]
    ip_addresses: Annotated[
        tuple[VirtualAddress, ...],
        about(
            "The virtual addresses, in the order in which they are advertised. They must be the same on all hosts.",
            f"{_ADDRESS_LIST}; 1 to 255 of each family",
            section="RFC 9568 §5.2.9",
            unless="no_ip_addresses",
        ),
    ] = ()
    priority: Annotated[
        int,
        about(
            "The host with the highest priority becomes MASTER. 255 means that the addresses are this host's own.",
            "1 to 254, or 255 for the owner of the addresses",
            section="RFC 9568 §5.2.4",
            ge=PRIORITIES[0],
            le=PRIORITIES[-1],
        ),
    ] = PRIORITY_DEFAULT
    advert_interval: Annotated[
        float,
        about(
            "The time between two advertisements.",
            "0.01 to 40.95 in steps of 0.01; with version 2 whole seconds, 1 to 255",
            section="RFC 9568 §6.1",
            unit="seconds",
            default_text="1",
            ge=0.01,
            le=255,
        ),
    ] = 1.0
    preempt_mode: Annotated[
        bool,
        about(
            "Whether this host takes over from a MASTER with a lower priority.",
            "true or false",
            section="RFC 9568 §6.1",
        ),
    ] = True
    version: Annotated[
        Version,
        about("The protocol version: 3, or 2 for IPv4 with old peers.", "2 or 3", section="RFC 9568 §5.2.1"),
    ] = Version.V3
    excluded_ip_addresses: Annotated[
        tuple[VirtualAddress, ...],
        about("More addresses that the MASTER has, but does not advertise.", _ADDRESS_LIST),
    ] = ()
    checksum: Annotated[
        ChecksumPolicy,
        about(
            "What the checksum of version 3 with IPv4 covers. With auto, this host uses the form of its peers.",
            '"auto", "rfc9568" or "pseudo_header"',
            section="RFC 9568 §5.2.8",
        ),
    ] = ChecksumPolicy.AUTO
    require_link_local: Annotated[
        bool,
        about(
            "Whether the first IPv6 address must be link-local, here and in received advertisements.",
            "true or false",
            section="RFC 9568 §5.2.9",
        ),
    ] = True
    check_address_list: Annotated[
        bool,
        about(
            "Whether to discard an advertisement if its addresses are not ours.",
            "true or false; version 2 only",
            section="RFC 3768 §7.1",
        ),
    ] = False
    with_version_2: Annotated[
        bool,
        about(
            "Whether IPv4 also speaks version 2, during a migration.",
            "true or false; version 3 with IPv4 only",
            section="RFC 9568 §8.4",
        ),
    ] = False

    no_ip_addresses: Annotated[
        bool,
        about(
            "Whether to elect a MASTER without any address. It must be the same on all hosts.",
            "true or false; true instead of ip_addresses",
        ),
    ] = False

    preferred_lifetime: Annotated[
        Literal[0, "forever"],
        about(
            "Whether the host may use a virtual IPv6 address as the source of its own connections. Such connections"
            " break when the address moves. 0 means no.",
            '0, or "forever" with an IPv6 address',
            section="RFC 4862 §5.5.4",
        ),
    ] = 0
    authentication: Annotated[Authentication | None, AUTHENTICATION] = None
    accept_mode: Annotated[
        bool,
        about(
            "Whether the MASTER accepts what is sent to the virtual addresses, such as a ping. It always forwards, and"
            " answers ARP and neighbour discovery.",
            "true or false; true for the owner of the addresses",
            section="RFC 9568 §6.1",
        ),
    ] = True

    virtual_mac: Annotated[
        bool,
        about(
            "Whether the virtual addresses have the MAC address of the virtual router, 00-00-5E-00-01-VRID or"
            " 00-00-5E-00-02-VRID for IPv6, on an interface of their own that the daemon makes.",
            "true or false; false for the owner of the addresses",
            section="RFC 9568 §7.3",
        ),
    ] = False
    virtual_mac_interface_name: Annotated[
        str,
        about(
            "The name of that interface.",
            f"1 to {LONGEST_INTERFACE_NAME} bytes without spaces, / or :; only with virtual_mac, and one family",
            default_text='"vrrp4.<vrid>" or "vrrp6.<vrid>"',
            check=_check_interface_name,
            min_length=1,
            max_length=LONGEST_INTERFACE_NAME,
        ),
    ] = ""

    if TYPE_CHECKING:  # the constructor takes more types than the fields have

        def __init__(  # noqa: PLR0913 - a setting each, by keyword only
            self,
            *,
            vrid: int,
            interface_name: str,
            ip_addresses: Sequence[str | VirtualAddress] = (),
            name: str = "",
            priority: int = PRIORITY_DEFAULT,
            advert_interval: float = 1.0,
            preempt_mode: bool = True,
            version: int = 3,
            excluded_ip_addresses: Sequence[str | VirtualAddress] = (),
            checksum: str | ChecksumPolicy = "auto",
            require_link_local: bool = True,
            check_address_list: bool = False,
            with_version_2: bool = False,
            no_ip_addresses: bool = False,
            preferred_lifetime: Literal[0, "forever"] = 0,
            authentication: Mapping[str, Any] | Authentication | None = None,
            accept_mode: bool = True,
            virtual_mac: bool = False,
            virtual_mac_interface_name: str = "",
        ) -> None: ...

    def __post_init__(self) -> None:
        given = msgspec.structs.asdict(self)
        for setting in ("name", "virtual_mac_interface_name"):
            if given[setting] == "":
                del given[setting]
        draft = examine(SETTINGS, given)
        check_rules(draft)
        load_secrets(draft)
        if draft.problems:
            raise ConfigError("VirtualRouter", draft.problems)
        draft.values["name"] = self.name or default_name(self.vrid)
        for name, value in draft.values.items():
            force_setattr(self, name, value)


SETTINGS: Final[dict[str, Setting]] = settings_of(VirtualRouter)
"""The settings of a virtual router by name, in the order of the documentation."""


def default_name(vrid: int) -> str:
    """The name of a virtual router whose entry has none, unless another virtual router has that name."""
    return f"VR_{vrid}"
