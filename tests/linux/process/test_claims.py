"""Claims of virtual routers: what others see of them, and what ends them. A plain file stands for the namespace."""

import fcntl
import os
import signal
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from ipaddress import ip_address
from pathlib import Path
from unittest.mock import patch

import pytest

from failover.linux.process.claims import (
    _INTERFACES,
    _PER_INTERFACE,
    NAMESPACE,
    Claim,
    Claimable,
    Claims,
    VirtualAddressId,
    VirtualRouterId,
    _base,
    _position,
    words,
)
from failover.vrrp import Family
from tests.engine.daemons import ENVIRONMENT

HOLD = """
import os, sys, time
from ipaddress import ip_address
from failover.linux.process.claims import Claims, VirtualAddressId, VirtualRouterId
from failover.vrrp import Family
claims = Claims(sys.argv[1])
wanted = [a.split("/") for a in sys.argv[2:]]
routers = [VirtualRouterId(i, Family(int(f)), int(v)) for i, f, v in (one for one in wanted if len(one) == 3)]
addresses = [VirtualAddressId(i, ip_address(a)) for i, a in (one for one in wanted if len(one) == 2)]
taken = claims.take([*routers, *addresses])
print([claim.pid for claim in taken], flush=True)
if sys.stdin.readline():
    child = os.fork()
    if child:
        print(child, flush=True)
    time.sleep(60)
"""
F_OFD_SETLK = 37
"""The module fcntl of some Pythons does not have it."""
POWERLESS = ("setpriv", "--bounding-set", "-all", "--inh-caps", "-all")


def router(interface: str = "eth0", family: Family = Family.IPV4, vrid: int = 51) -> VirtualRouterId:
    return VirtualRouterId(interface, family, vrid)


@pytest.fixture
def namespace(tmp_path: Path) -> str:
    path = tmp_path / "namespace"
    path.write_bytes(b"")
    path.chmod(0o444)
    return str(path)


@contextmanager
def holding(namespace: str, *wanted: Claimable, before: tuple[str, ...] = ()) -> Iterator[subprocess.Popen[str]]:
    """Another process that has claimed them, killed in the end."""
    listed = [
        f"{one.interface}/{int(one.family)}/{one.vrid}"
        if isinstance(one, VirtualRouterId)
        else f"{one.interface}/{one.address}"
        for one in wanted
    ]
    process = subprocess.Popen(
        [*before, sys.executable, "-c", HOLD, namespace, *listed],
        env=ENVIRONMENT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    with process, process.stdin, process.stdout:
        try:
            assert process.stdout.readline() == "[]\n"
            yield process
        finally:
            process.kill()


@pytest.mark.root
def test_another_process_sees_exactly_what_was_claimed_and_whose_it_is(namespace: str) -> None:
    six = router(family=Family.IPV6, vrid=255)
    with holding(namespace, router(), six) as other, closing(Claims(namespace)) as claims:
        assert claims.of(router()) == Claim(router(), other.pid)
        assert claims.of(six) == Claim(six, other.pid)
        for free in (router(vrid=50), router(vrid=52), router("eth1"), router(family=Family.IPV6)):
            assert claims.of(free) is None
        assert claims.on("eth0") == Claim(router(), other.pid)
        assert claims.on("eth1") is None


@pytest.mark.root
@pytest.mark.parametrize("text", ["192.0.2.100", "fe80::51:1", "2001:db8::c000:264"])
def test_another_process_sees_exactly_which_addresses_were_claimed_on_which_interface(
    namespace: str, text: str
) -> None:
    address = ip_address(text)
    claimed = VirtualAddressId("eth0", address)
    with holding(namespace, router(), claimed) as other, closing(Claims(namespace)) as claims:
        assert claims.of(claimed) == Claim(claimed, other.pid)
        for free in (("eth0", address + 1), ("eth0", address - 1), ("eth1", address)):
            assert claims.of(VirtualAddressId(*free)) is None
        assert claims.on("eth0") == Claim(router(), other.pid), "an address is no virtual router"


@pytest.mark.root
def test_an_address_that_another_process_has_is_refused_and_given_back_it_is_free(namespace: str) -> None:
    wanted = [VirtualAddressId("eth0", ip_address("192.0.2.100")), VirtualAddressId("eth0", ip_address("192.0.2.101"))]
    with holding(namespace, wanted[1]) as other, closing(Claims(namespace)) as claims:
        assert claims.take(wanted) == (Claim(wanted[1], other.pid),)
        with holding(namespace, wanted[0]):
            pass  # it was given back with the other
        assert claims.take([wanted[0]]) == ()
        claims.give_back([wanted[0]])
        with holding(namespace, wanted[0]):
            pass


@pytest.mark.root
def test_all_are_taken_or_none(namespace: str) -> None:
    with holding(namespace, router(vrid=7), router(vrid=8)) as other, closing(Claims(namespace)) as claims:
        wanted = [router(vrid=vrid) for vrid in (6, 7, 8, 9)]
        assert claims.take(wanted) == (Claim(wanted[1], other.pid), Claim(wanted[2], other.pid))
        with holding(namespace, router(vrid=6), router(vrid=9)):
            pass  # both were free
        other.kill()
        other.wait()
        assert claims.take(wanted) == ()


@pytest.mark.root
def test_more_are_taken_later_or_none_of_them_and_some_are_given_back(namespace: str) -> None:
    with holding(namespace, router()) as other, closing(Claims(namespace)) as claims:
        assert claims.take([router(vrid=1), router(vrid=2)]) == ()
        assert claims.add([router(vrid=3), router()]) == (Claim(router(), other.pid),)
        assert claims.add([router(vrid=4)]) == ()
        claims.give_back([router(vrid=2)])
        with holding(namespace, router(vrid=2), router(vrid=3)):
            assert [claims.of(router(vrid=vrid)) is None for vrid in (1, 2, 3, 4)] == [True, False, False, True]


@pytest.mark.root
def test_of_two_that_claim_at_once_without_waiting_at_least_one_sees_the_other(namespace: str) -> None:
    """Whoever looks has claimed before: the last one to claim sees all others."""
    with holding(namespace), closing(Claims(namespace)) as claims:
        order: list[int] = []
        lock = claims._lock

        def watched(command: int, kind: int, start: int, length: int) -> tuple[int, ...]:
            order.append(command)
            return lock(command, kind, start, length)

        with patch.object(claims, "_lock", watched):
            assert claims.add([router(vrid=1), router(vrid=2)]) == ()
        assert order == [fcntl.F_SETLK] * 2 + [fcntl.F_GETLK] * 2


@pytest.mark.root
def test_a_claim_ends_with_its_process_even_where_a_child_has_its_descriptor(namespace: str) -> None:
    with closing(Claims(namespace)) as claims, holding(namespace, router()) as other:
        assert other.stdin is not None
        assert other.stdout is not None
        other.stdin.write("fork\n")
        other.stdin.flush()
        child = int(other.stdout.readline())
        try:
            assert claims.of(router()) == Claim(router(), other.pid)
            other.kill()
            other.wait()
            assert claims.of(router()) is None
            os.kill(child, 0)  # and it is still there
        finally:
            os.kill(child, signal.SIGKILL)


def test_our_own_claim_is_not_in_our_way(namespace: str) -> None:
    with closing(Claims(namespace)) as claims:
        assert claims.take([router()]) == ()
        assert claims.take([router()]) == ()
        assert claims.of(router()) is None


@pytest.mark.root
def test_who_cannot_send_advertisements_keeps_nobody_from_it(namespace: str) -> None:
    with holding(namespace, router(), before=POWERLESS), closing(Claims(namespace)) as claims:
        assert claims.of(router()) is None
        assert claims.take([router()]) == ()


@contextmanager
def locked_by_no_process(namespace: str, start: int = 0, length: int = 0) -> Iterator[None]:
    """A lock of an open file description: in this process, but whose it is does not matter."""
    descriptor = os.open(namespace, os.O_RDONLY)
    try:
        lock = struct.pack("@hhqqi4x", fcntl.F_RDLCK, os.SEEK_SET, start, length, 0)
        fcntl.fcntl(descriptor, F_OFD_SETLK, lock)
        yield
    finally:
        os.close(descriptor)


@pytest.mark.parametrize("start", [0, _base("eth0")])
def test_the_lock_of_an_open_file_is_no_claim(namespace: str, start: int) -> None:
    claims = Claims(namespace)
    with locked_by_no_process(namespace, start):
        assert claims.of(router()) is None
        assert claims.on("eth0") is None
        assert claims.take([router(), router(family=Family.IPV6)]) == ()
    claims.close()


@pytest.mark.root
@pytest.mark.parametrize("by", ["no process", "a process that cannot send"])
def test_a_claim_behind_a_lock_that_is_none_is_found(namespace: str, by: str) -> None:
    with ExitStack() as stack:
        claims = Claims(namespace)
        stack.callback(claims.close)
        if by == "no process":
            stack.enter_context(locked_by_no_process(namespace))
        else:
            stack.enter_context(holding(namespace, router(), router(vrid=52), before=POWERLESS))
        other = stack.enter_context(holding(namespace, router(), router(family=Family.IPV6)))
        if by == "no process":
            stack.enter_context(locked_by_no_process(namespace))
        assert claims.of(router()) == Claim(router(), other.pid)
        assert claims.of(router(vrid=52)) is None
        assert claims.on("eth0") == Claim(router(), other.pid)
        assert claims.take([router(vrid=53), router()]) == (Claim(router(), other.pid),)
        other.kill()
        other.wait()
        assert claims.take([router(vrid=53), router()]) == ()


def test_a_flock_that_somebody_keeps_delays_no_longer_than_a_second(
    namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("failover.linux.process.claims._PATIENCE_SECONDS", 0.05)
    descriptor = os.open(namespace, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        claims = Claims(namespace)
        assert claims.take([router()]) == ()
        claims.close()
    finally:
        os.close(descriptor)


def test_the_namespace_itself_can_be_locked_without_any_privilege() -> None:
    with closing(Claims(NAMESPACE)) as claims:
        assert claims.take([router("no such iface")]) == ()


def test_names_that_people_use_never_fall_together() -> None:
    names = [f"{kind}{n}" for kind in ("eth", "enp0s", "vlan", "br-", "bond0.", "verylongname") for n in range(1000)]
    bases = {_base(name) for name in names}
    assert len(bases) == len(names)
    assert all(base % _PER_INTERFACE == 0 and base + _PER_INTERFACE <= _INTERFACES * _PER_INTERFACE for base in bases)
    assert _base("\udcff" * 15) < 1 << 62


def test_addresses_that_people_use_never_fall_together_nor_with_a_virtual_router() -> None:
    addresses = [f"{net}.{n}" for net in ("192.0.2", "10.0.0", "10.0.1") for n in range(256)]
    addresses += [f"{net}::{n:x}" for net in ("fe80", "2001:db8", "2001:db8:1", "2001:db8:0:1") for n in range(256)]
    wanted = [VirtualAddressId(f"eth{n}", ip_address(one)) for one in addresses for n in range(20)]
    positions = {_position(one) for one in wanted}
    assert len(positions) == len(wanted)
    assert all(_INTERFACES * _PER_INTERFACE <= one < 1 << 63 for one in positions)


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ([Claim(router(), 7)], "another failover, process 7, already runs virtual router 51 (ipv4) on eth0"),
        (
            [Claim(router(family=Family.IPV6), 0), Claim(router(), 0), Claim(router(vrid=1), 0)],
            (
                "another failover, in another container, already runs virtual router 51 (ipv6) on eth0"
                " (and 2 more that clash)"
            ),
        ),
        (
            [Claim(router(), 7), Claim(VirtualAddressId("eth0", ip_address("192.0.2.1")), 7)],
            "another failover, process 7, already runs virtual router 51 (ipv4) on eth0",
        ),
        (
            [Claim(VirtualAddressId("eth0", ip_address("fe80::1")), 7)],
            "another failover, process 7, already has fe80::1 on eth0",
        ),
    ],
)
def test_a_refusal_names_the_process_and_what_clashes(claims: list[Claim], expected: str) -> None:
    assert words(claims) == expected
