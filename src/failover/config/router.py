"""`VirtualRouter`: one entry of the configuration file, its settings and their documentation."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import msgspec
from msgspec.structs import force_setattr

from failover.config.authentication.loading import load_secrets
from failover.config.authentication.setting import AUTHENTICATION, Authentication
from failover.config.checking.addresses import ADDRESS_FORM
from failover.config.checking.built import Built
from failover.config.checking.examine import examine
from failover.config.checking.names import LONGEST_INTERFACE_NAME, LONGEST_NAME, check_interface_name, check_name
from failover.config.checking.peers import MOST_PEERS, PEERS, group_complaint, host_address_complaint
from failover.config.checking.problems import ConfigError
from failover.config.checking.settings import Setting, about, settings_of
from failover.config.rules.entry import check_rules
from failover.config.tracking.track import TRACK, Track
from failover.vrrp.protocol import HOP_LIMIT, PRIORITIES, PRIORITY_DEFAULT, VRIDS, Version, VirtualAddress
from failover.vrrp.router import ChecksumPolicy
from failover.vrrp.scope import Peer

_ADDRESS_LIST: Final = f"a list of {ADDRESS_FORM}"


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
            check=check_name,
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
            check=check_interface_name,
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

    source_address: Annotated[
        str,
        about(
            "The address to send advertisements from.",
            "an address of the interface, of the family of ip_addresses, without a prefix length",
            section="RFC 9568 §5.1.1.1",
            default_text="the interface's first address; for IPv6 its link-local one",
            check=host_address_complaint,
        ),
    ] = ""
    multicast_group: Annotated[
        str,
        about(
            "The multicast group to advertise to. It must be the same on all hosts.",
            "a multicast address of the family of ip_addresses; for IPv6 a link-local one (ff02::/16)",
            section="RFC 9568 §5.1.1.2",
            default_text="224.0.0.18; for IPv6 ff02::12",
            check=group_complaint,
        ),
    ] = ""
    unicast_peers: Annotated[
        tuple[Peer, ...],
        about(
            "The other hosts. If there are some, advertisements go to each of them instead of a multicast group, and"
            " only theirs are accepted. This host may be listed too.",
            f'1 to {MOST_PEERS} of "ADDRESS" or'
            ' {"address": "ADDRESS", "min_hop_limit": 0 to 255, "max_hop_limit": 0 to 255}',
            check=PEERS,
        ),
    ] = ()
    hop_limit: Annotated[
        int,
        about(
            "The TTL or hop limit of advertisements to unicast peers.",
            "1 to 255; other than 255 only with unicast_peers",
            section="RFC 9568 §5.1.1.3",
            ge=1,
            le=255,
        ),
    ] = HOP_LIMIT
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
    accept_mode: Annotated[
        bool,
        about(
            "Whether the MASTER accepts what is sent to the virtual addresses, such as a ping. It always forwards, and"
            " answers ARP and neighbour discovery.",
            "true or false; true for the owner of the addresses",
            section="RFC 9568 §6.1",
        ),
    ] = True
    authentication: Annotated[Authentication | None, AUTHENTICATION] = None
    track: Annotated[tuple[Track, ...], TRACK] = ()

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
            source_address: str = "",
            multicast_group: str = "",
            unicast_peers: Sequence[str | Peer | Mapping[str, str | int]] = (),
            hop_limit: int = HOP_LIMIT,
            no_ip_addresses: bool = False,
            preferred_lifetime: Literal[0, "forever"] = 0,
            accept_mode: bool = True,
            authentication: Mapping[str, Any] | Authentication | None = None,
            track: Sequence[str | Track | Mapping[str, str | int]] = (),
        ) -> None: ...

    def __post_init__(self) -> None:
        given = msgspec.structs.asdict(self)
        if self.name == "":
            del given["name"]
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
