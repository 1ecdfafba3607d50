"""Which virtual addresses stand before the host's own, how often that is mended, and when it is left as it is."""

import errno
from collections.abc import Iterator
from contextlib import closing
from ipaddress import ip_interface

import msgspec
import pytest

from failover.engine.fleet.addresses.order import Misplaced, Pause, misplaced
from failover.lab.network.lan import Host
from failover.linux.host import LinuxHost
from failover.linux.interfaces.table import Interface
from failover.linux.netlink.addresses import Batch, Failure
from failover.linux.netlink.rtnetlink import ADDRESS_PROTOCOL, AssignedAddress
from failover.vrrp import Instant, seconds
from tests.engine.fleet.test_engine import Bench
from tests.vrrp.making import NOW, after

SECONDARY = 0x01
V1, V2, V3 = (ip_interface(f"192.0.2.{n}/24") for n in (101, 102, 103))
OWN, LATE = ip_interface("192.0.2.11/24"), ip_interface("192.0.2.12/24")
OURS = frozenset((V1, V2, V3))


def interface(*addresses: str) -> Interface:
    """With these, in the kernel's order; `+` before one: a secondary, `*`: with the tag of a daemon."""
    assigned = tuple(
        AssignedAddress(
            ip_interface(text.lstrip("+*")), SECONDARY * ("+" in text), 0, ADDRESS_PROTOCOL if "*" in text else 0
        )
        for text in addresses
    )
    return Interface(2, "eth0", bytes(6), up=True, running=True, mtu=1500, master=None, addresses=assigned)


def found(*addresses: str) -> list[Misplaced]:
    return list(misplaced(interface(*addresses), OURS, {address.ip for address in OURS}))


@pytest.mark.parametrize(
    "addresses",
    [
        (),
        (str(OWN), f"+*{V1}", f"+*{V2}"),
        (str(OWN), f"+*{V1}", f"+{LATE}"),
        (f"*{V1}", f"+*{V2}"),
        (f"*{V1}", "+*192.0.2.200/24"),
        (f"*{V1}", f"+{V2}"),
        ("192.0.2.12/25", "+192.0.2.13/25", f"*{V1}"),
        ("*192.0.2.200/24", f"+{LATE}", f"+*{V1}"),
        ("*198.51.100.200/24", "+198.51.100.7/24", f"*{V1}"),
        (str(OWN), "fe80::1/64"),
    ],
    ids=[
        "none",
        "behind",
        "between",
        "alone",
        "anothers-virtual",
        "not-tagged",
        "other-length",
        "another-first",
        "another-first-elsewhere",
        "ipv6",
    ],
)
def test_where_none_of_ours_is_before_an_own_one_nothing_is_moved(addresses: tuple[str, ...]) -> None:
    assert found(*addresses) == []


def test_the_primary_is_moved_and_whatever_would_be_the_primary_then() -> None:
    assert found(f"*{V1}", f"+{LATE}") == [Misplaced(LATE, (V1,))]
    assert found(f"*{V1}", f"+*{V2}", f"+{LATE}", f"+*{V3}", f"+{OWN}") == [Misplaced(LATE, (V1, V2))]
    assert found(f"+*{V2}", f"+{LATE}", f"*{V1}") == [Misplaced(LATE, (V1, V2))], "as a promoted one is listed"
    assert found(f"{V1}", f"+{LATE}") == [Misplaced(LATE, (V1,))], "before Linux 5.18 there are no tags"


def test_each_subnet_has_an_order_of_its_own() -> None:
    elsewhere, own = ip_interface("198.51.100.1/24"), ip_interface("198.51.100.7/24")
    ours = OURS | {elsewhere}
    mixed = interface(f"*{V1}", f"*{elsewhere}", f"+*{V2}", f"+{own}", f"+{LATE}", "203.0.113.1/24", "+203.0.113.2/24")
    assert list(misplaced(mixed, ours, {address.ip for address in ours})) == [
        Misplaced(LATE, (V1, V2)),
        Misplaced(own, (elsewhere,)),
    ]


def test_the_first_of_all_is_the_hosts_own_whatever_subnet_it_is_in() -> None:
    """It is the source where no subnet decides; each secondary of ours comes behind it when its primary goes."""
    other, single = ip_interface("192.0.2.12/25"), ip_interface("192.0.2.13/32")
    assert found(f"*{V1}", f"+*{V2}", str(other), f"+{single}") == [Misplaced(other, (V1,))]
    assert found(f"*{V1}", str(single), "203.0.113.1/24") == [Misplaced(single, (V1,))]
    elsewhere = ip_interface("198.51.100.1/24")
    ours = OURS | {elsewhere}
    virtual = {address.ip for address in ours}
    assert list(misplaced(interface(f"*{elsewhere}", f"*{V1}", f"+*{V2}", f"+{LATE}"), ours, virtual)) == [
        Misplaced(LATE, (V1, V2)),
        Misplaced(LATE, (elsewhere,)),
    ]


def test_an_address_of_the_link_alone_is_no_source_for_elsewhere() -> None:
    link = AssignedAddress(ip_interface("169.254.7.7/16"), 0, 253, 0)
    there = interface(f"*{V1}")
    there = msgspec.structs.replace(there, addresses=(*there.addresses, link))
    assert misplaced(there, OURS, {address.ip for address in OURS}) == ()


def test_an_address_owners_own_address_is_the_hosts_own() -> None:
    """It is none of `ours`, and no virtual one of the interface."""
    assert list(misplaced(interface(f"*{V1}", f"+{V2}"), {V1}, ())) == [Misplaced(V2, (V1,))]


def test_what_somebody_undoes_is_done_again_less_and_less_often() -> None:
    pause, at = Pause(), NOW
    lengths = []
    for _ in range(12):
        pause.begin(at)
        lengths.append((pause.until - at) / 1e9)
        at = pause.until
    assert lengths == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 51.2, 60, 60]
    at = after(at, seconds(61))
    pause.begin(at)
    assert pause.until == Instant(at + seconds(0.1)), "nobody has undone it for long"


@pytest.fixture
def bench(host: Host) -> Iterator[Bench]:
    with host.enter(), closing(Bench()) as made:
        yield made


def primaries(host: Host) -> set[str]:
    lines = host.run(["ip", "-4", "-o", "address", "show", "dev", "eth0", "primary"]).stdout.splitlines()
    return {line.split()[3] for line in lines}


def give_another(host: Host) -> None:
    host.ip("address add 192.0.2.12/24 dev eth0", "address del 192.0.2.11/24 dev eth0")


@pytest.mark.root
def test_the_order_stays_where_to_change_it_would_cost_the_host_its_address(
    bench: Bench, host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    bench.run_until_master()
    monkeypatch.setattr(LinuxHost, "keep_secondaries", refuse)
    give_another(host)
    bench.run_until(lambda: bench.told("addresses_failed"))
    assert [event.fields for event in bench.told("addresses_failed")] == [
        {
            "doing": "reordering",
            "count": 2,
            "errors": "promote_secondaries is off and could not be set: Operation not permitted",
        }
    ]
    assert "192.0.2.12/24" in {str(address) for address in host.held()}
    assert not bench.told("addresses_reordered")
    monkeypatch.undo()
    bench.run_until(lambda: primaries(host) == {"192.0.2.12/24"})


@pytest.mark.root
def test_what_the_kernel_refuses_is_told_once_and_tried_again(
    bench: Bench, host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.run_until_master()

    def fail(batch: Batch, _: object) -> tuple[Failure, ...]:
        return (Failure(batch.ifindex, batch.addresses[0], errno.ENOBUFS),)

    with monkeypatch.context() as patch:
        patch.setattr(Batch, "failures", fail)
        give_another(host)
        bench.run_until(lambda: bench.told("addresses_failed"))
    (told,) = bench.told("addresses_failed")
    assert told.fields["errors"] == "192.0.2.100/32: No buffer space available"
    bench.run_until(lambda: primaries(host) == {"192.0.2.12/24"})
    assert [event.fields["own"] for event in bench.told("addresses_reordered")] == ["192.0.2.12/24"]
    assert not bench.told("strays_removed")
    assert not bench.told("addresses_restored")
