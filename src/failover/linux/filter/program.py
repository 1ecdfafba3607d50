"""The kernel filter of an advertisement socket: a classic BPF program, built from `Terms`.

Normally it refuses what cannot concern us: what goes to another group or comes from nobody's peer (`reach`), or has a
VRID that no router here has. A packet with a wrong TTL, version or checksum passes, so that the daemon counts and
explains it. In a flood the terms are stricter: it also refuses what the daemon would discard (`soundness`), and what
could not change anything (below a `Cutoff`); of a stream that is a flood it passes a share, which may be none
(`sample`). On a `WakeupSocket` it also refuses what need not wake the daemon: known adverts (`fingerprint`), and all of
such a stream. It never refuses anything else.

The set of VRIDs is a bitmap of eight 32-bit words. The program picks the word by the VRID's upper three bits and tests
the bit given by the lower five: 18 instructions for one VRID over IPv4, at most 47 for all 255 over IPv6. Soundness
adds 19 instructions over IPv6 and at most 187 over IPv4; cutoffs add about 24, and 3 for each VRID; known adverts add
about 35, and 1 for each. Measured: on the strictest terms a packet costs the kernel 0.1 us more than normally, with a
cutoff for each of 255 VRIDs 0.6 us more.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from failover.frames import ipv4, ipv6
from failover.linux.filter.bpf import (
    ADD,
    JUMP,
    JUMP_IF_EQUAL,
    JUMP_IF_GREATER_X,
    LOAD_IMMEDIATE,
    LOAD_STORED,
    LOAD_X_STORED,
    NETWORK_HEADER,
    REFUSE,
    STORE,
    Instruction,
    Program,
    choose,
    where_greater,
)
from failover.linux.filter.fingerprint import refuse_known
from failover.linux.filter.membership import demand_member
from failover.linux.filter.payload import load_byte
from failover.linux.filter.reach import Reach, demand_reach
from failover.linux.filter.sample import Stream, pass_share
from failover.linux.filter.soundness import PLAIN, Form, demand_sound
from failover.vrrp import Address, Cutoff
from failover.vrrp.packet.advertisement import PRIORITY_AT, VRID_AT
from failover.vrrp.protocol import PRIORITY_RESIGN, VRIDS, Family, Version


@dataclass(frozen=True, slots=True)
class Terms:
    """The conditions that a packet must meet to pass the filter."""

    vrids: frozenset[int]
    """Its VRID is one of these (0 to 255 of them)."""
    versions: frozenset[Version] = frozenset()
    """Where not empty: it is a complete, valid advertisement of one of these versions, from this link or a peer."""
    cutoffs: Mapping[int, Cutoff] = field(default_factory=dict)
    """By VRID: it is not below this cutoff."""
    known: frozenset[int] = frozenset()
    """Its fingerprint (`fingerprint`) is none of these, at most 255, or it is of the share that passes."""
    known_share: int = 0
    """So many of `bpf.ALL` packets with those fingerprints pass."""
    sampled: Mapping[Stream, int] = field(default_factory=dict)
    """It is in none of these streams, or of the share of it that passes: so many of `bpf.ALL`."""
    form: Form = PLAIN
    """Where `versions` is not empty: what a valid advertisement may have."""
    reach: Reach | None = None
    """It is for one of those who receive here; None: it goes to the VRRP group."""
    wakes: bool = True
    """Whether anything wakes somebody; if not, all that passes waits."""

    @property
    def for_wakeup(self) -> "Terms":
        """What wakes somebody: a sample does not."""
        vrids = self.vrids if self.wakes else frozenset[int]()
        return replace(self, vrids=vrids, sampled=dict.fromkeys(self.sampled, 0))


def program(family: Family, terms: Terms) -> Program:
    """The filter for a raw socket of protocol 112. `ValueError` where a VRID is not in 1 to 255."""
    if not terms.vrids <= frozenset(VRIDS):
        raise ValueError(f"vrids are {sorted(terms.vrids)}; allowed: {VRIDS[0]} to {VRIDS[-1]}")
    return (
        *demand_reach(family, terms.reach),
        *(demand_sound(family, terms.versions, terms.form, terms.reach) if terms.versions else ()),
        *_demand_cutoffs(family, terms.cutoffs),
        *pass_share(family, terms.sampled),
        *refuse_known(family, terms.known, terms.known_share),
        *load_byte(family, VRID_AT),
        *demand_member(terms.vrids),
    )


def _demand_cutoffs(family: Family, cutoffs: Mapping[int, Cutoff]) -> Program:
    """Refuse what is below the cutoff of its VRID. A resignation (priority 0) passes."""
    by_address: dict[Address | None, dict[int, int]] = {}
    for vrid, cutoff in cutoffs.items():
        by_address.setdefault(cutoff.address, {})[vrid] = cutoff.priority
    demands = tuple(
        instruction
        for address, priorities in by_address.items()
        for instruction in _demand_cutoff(family, address, priorities)
    )
    if not demands:
        return ()
    return (
        *load_byte(family, PRIORITY_AT),
        Instruction(JUMP_IF_EQUAL, PRIORITY_RESIGN, jump_false=1),
        Instruction(JUMP, len(demands)),
        *demands,
    )


def _demand_cutoff(family: Family, address: Address | None, priorities: Mapping[int, int]) -> Program:
    """Refuse a priority that is lower than the cutoff of its VRID.

    With an `address`, at the same priority only a sender with a greater address passes. To test both at once, such a
    sender's priority counts one more, and one more is demanded.
    """
    source = ipv4.SOURCE_AT if family is Family.IPV4 else NETWORK_HEADER + ipv6.SOURCE_AT
    one_more = (Instruction(LOAD_STORED, 0), Instruction(ADD, 1), Instruction(STORE, 0))
    demanded = {vrid: priority + (address is not None) for vrid, priority in priorities.items()}
    return (
        *load_byte(family, PRIORITY_AT),
        Instruction(STORE, 0),
        *(where_greater(source, address.packed, one_more) if address else ()),
        *load_byte(family, VRID_AT),
        *choose(demanded, Instruction(LOAD_IMMEDIATE, 0)),
        Instruction(LOAD_X_STORED, 0),
        Instruction(JUMP_IF_GREATER_X, jump_false=1),
        REFUSE,
    )
