"""Whole engines that sign what they send: elections, other keys by a reload, clocks that are set, forgeries."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from failover.config import VirtualRouter
from failover.frames import ipv4, ipv6
from failover.linux.clock import Clock
from failover.vrrp import Family, Instant, Master, seconds
from failover.vrrp.protocol import PRIORITY_RESIGN
from tests.simulation.lan import Lan, Nic
from tests.simulation.router import Router
from tests.simulation.test_takeover import ADDRESSES, FAMILIES, LATENCY, VRID, host
from tests.simulation.world import World

HEADER = {Family.IPV4: ipv4.HEADER_LENGTH, Family.IPV6: ipv6.HEADER_LENGTH}
SKEW_200, SKEW_100 = seconds((256 - 200) / 256), seconds((256 - 100) / 256)


@pytest.fixture
def keys(tmp_path: Path) -> dict[int, Path]:
    made = {number: tmp_path / str(number) for number in (1, 2)}
    for number, path in made.items():
        path.touch(0o600)
        path.write_text(f"{number:02x}" * 32)
    return made


def signed(family: Family, priority: int, keys: dict[int, Path], active: int = 1, **changes: Any) -> VirtualRouter:
    authentication = {
        "method": "hmac_sha256",
        "keys": {str(number): {"file": str(path)} for number, path in keys.items()},
        "active_key": active,
        **changes,
    }
    return VirtualRouter(
        vrid=VRID,
        interface_name="eth0",
        ip_addresses=ADDRESSES[family],
        priority=priority,
        authentication=authentication,
    )


class Group:
    """Two hosts, and a stranger who hears and keeps everything."""

    def __init__(self, family: Family, one: VirtualRouter, two: VirtualRouter) -> None:
        self.world = World()
        self.lan = Lan(self.world)
        self.family = family
        self.heard: list[bytes] = []
        self.stranger: Nic = self.lan.plug("stranger", lambda: True)
        self.stranger.join(self)
        self.one = Router(host(self.world, self.lan, "one", 1), [one])
        self.two = Router(host(self.world, self.lan, "two", 2), [two])
        self.world.run_for(8)

    def arrive(self, datagram: bytes) -> None:
        self.heard.append(datagram)

    def masters(self) -> list[str]:
        return [router.host.name for router in (self.one, self.two) if router.is_master(VRID)]

    def transitions(self) -> list[int]:
        return [one.instance(VRID).counters.transitions_to_master for one in (self.one, self.two)]

    def discarded(self) -> dict[str, int]:
        """By the BACKUP."""
        return self.two.instance(VRID).counters.discarded

    def key_of(self, datagram: bytes) -> int | None:
        """The number of the key that has signed it; None: it is not signed."""
        message = datagram[HEADER[self.family] :]
        end = 8 + message[3] * (4 if self.family is Family.IPV4 else 16)
        return message[end + 1] if len(message) > end else None


def set_clock(router: Router, by: float) -> None:
    """The wall clock of a host is set."""
    authenticator = router.instance(VRID)._performer.authenticator
    clock = authenticator._clock
    authenticator._clock = Clock(clock.now, lambda: clock.wall() + seconds(by))


def elected(family: Family, keys: dict[int, Path], **changes: Any) -> Group:
    group = Group(family, signed(family, 200, keys, **changes), signed(family, 100, keys, **changes))
    assert group.masters() == ["one"]
    return group


@FAMILIES
@pytest.mark.parametrize("changes", [{}, {"anti_replay": "sequence"}, {"mode": "permissive"}], ids=str)
def test_the_higher_priority_becomes_master_and_each_advertisement_is_another(
    family: Family, keys: dict[int, Path], changes: dict[str, Any]
) -> None:
    group = elected(family, keys, **changes)
    assert len(group.heard) == len(set(group.heard)) > 3
    assert {group.key_of(one) for one in group.heard} == {1}
    assert group.discarded() == {}
    counters = group.two.instance(VRID).counters
    assert counters.advertisements_received == len(group.heard)


@FAMILIES
def test_it_advertises_at_the_instants_of_one_that_does_not_sign(family: Family, keys: dict[int, Path]) -> None:
    plain = replace(signed(family, 200, keys), authentication=None)
    groups = elected(family, keys), Group(family, plain, replace(plain, priority=100))
    one, other = ([advert.at for advert in group.lan.adverts] for group in groups)
    assert one == other


@FAMILIES
def test_who_resigns_signs_that_and_is_replaced_after_the_skew_time(family: Family, keys: dict[int, Path]) -> None:
    group = elected(family, keys)
    group.one.stop()
    stopped = group.world.now
    group.world.run_for(5)
    assert group.masters() == ["two"]
    first = next(group.lan.adverts_of("two", stopped))
    assert first.at == stopped + LATENCY + SKEW_100
    resigned = [one for one in group.heard if one[HEADER[family] + 2] == PRIORITY_RESIGN]
    assert [group.key_of(one) for one in resigned] == [1]


@FAMILIES
def test_a_master_that_dies_is_replaced_in_time(family: Family, keys: dict[int, Path]) -> None:
    group = elected(family, keys)
    last = group.lan.adverts[-1].at
    group.one.kill()
    group.world.run_for(6)
    assert next(group.lan.adverts_of("two", last)).at == last + LATENCY + 3 * seconds(1) + SKEW_100


STEPS = [
    ({"mode": "receive_only"}, {1}, 1),
    ({"mode": "permissive"}, {1}, 1),
    ({}, {1}, 1),
    ({}, {1, 2}, 1),
    ({}, {1, 2}, 2),
    ({}, {2}, 2),
]
"""From a group that does not sign to one that does, and to another key, as the documentation says."""


@FAMILIES
@pytest.mark.parametrize("first", ["one", "two"])
def test_signing_begins_and_keys_change_without_a_lost_advertisement(
    family: Family, keys: dict[int, Path], first: str
) -> None:
    """Each step on one host, then on the other, with time between them."""
    plain = replace(signed(family, 200, keys), authentication=None)
    group = Group(family, plain, replace(plain, priority=100))
    priorities = {"one": 200, "two": 100}
    routers = {"one": group.one, "two": group.two}
    order = [first, "two" if first == "one" else "one"]
    signers: list[int | None] = []
    for changes, numbers, active in STEPS:
        some = {number: keys[number] for number in numbers}
        for name in order:
            routers[name].reconfigure([signed(family, priorities[name], some, active, **changes)])
            group.world.run_for(2.5)
        signers.append(group.key_of(group.heard[-1]))
    assert signers == [None, 1, 1, 1, 2, 2]
    assert group.discarded() == {}
    assert group.transitions() == [1, 0]
    sent = [advert.at for advert in group.lan.adverts_of("one", Instant(0))]
    assert max(later - earlier for earlier, later in pairwise(sent)) <= seconds(1)


@FAMILIES
def test_whoever_does_not_sign_is_not_heard_where_that_is_demanded(family: Family, keys: dict[int, Path]) -> None:
    plain = replace(signed(family, 200, keys), authentication=None)
    group = Group(family, plain, signed(family, 100, keys))
    assert group.masters() == ["one", "two"]
    assert set(group.discarded()) == {"not_signed"}
    assert set(group.one.instance(VRID).counters.discarded) == {"trailing_bytes"}
    assert any(event.fields.get("detail") == "not signed" for event in group.two.events)


@FAMILIES
def test_with_another_key_under_the_same_number_they_do_not_hear_each_other(
    family: Family, keys: dict[int, Path]
) -> None:
    group = Group(family, signed(family, 200, {1: keys[1]}), signed(family, 100, {1: keys[2]}))
    assert group.masters() == ["one", "two"]
    assert set(group.discarded()) == {"signature"}
    other = Group(family, signed(family, 200, {1: keys[1]}), signed(family, 100, {2: keys[1]}, 2))
    assert set(other.discarded()) == {"unknown_key"}


@FAMILIES
def test_whoever_replays_or_forges_changes_nothing(family: Family, keys: dict[int, Path]) -> None:
    group = elected(family, keys)
    recorded = list(group.heard)
    begins = HEADER[family]
    better = [one[: begins + 2] + b"\xfe" + one[begins + 3 :] for one in recorded]
    resigned = [one[: begins + 2] + b"\0" + one[begins + 3 :] for one in recorded]
    newer = [one[:-17] + b"\xff\xff" + one[-15:] for one in recorded]
    for _ in range(40):
        for datagram in (*recorded, *better, *resigned, *newer):
            group.stranger.advertise(datagram)
        group.world.run_for(0.1)
    assert group.masters() == ["one"]
    assert group.transitions() == [1, 0]
    assert group.discarded()["replayed"] > 0
    group.one.kill()
    died = group.world.now
    for _ in range(60):
        for datagram in recorded:
            group.stranger.advertise(datagram)
        group.world.run_for(0.1)
    assert group.masters() == ["two"], "what was recorded does not hide that the MASTER has died"
    assert next(group.lan.adverts_of("two", died)).at <= died + 3 * seconds(1) + SKEW_100 + LATENCY


@FAMILIES
@pytest.mark.parametrize("by", [-3600.0, -7.0, 7.0, 3600.0])
def test_clocks_that_differ_are_told_and_heal_once_they_agree(family: Family, keys: dict[int, Path], by: float) -> None:
    group = elected(family, keys)
    set_clock(group.one, by)
    group.world.run_for(6)
    assert group.masters() == ["one", "two"]
    assert any(event.fields.get("detail") == f"time {by:+.1f} s from ours" for event in group.two.events)
    set_clock(group.one, -by)
    group.world.run_for(3)
    assert group.masters() == ["one"]


@FAMILIES
@pytest.mark.parametrize("by", [-3600.0, -4.0, 4.0, 3600.0])
def test_clocks_that_are_set_on_all_hosts_cost_an_advertisement_at_most(
    family: Family, keys: dict[int, Path], by: float
) -> None:
    group = elected(family, keys)
    set_clock(group.one, by)
    set_clock(group.two, by)
    group.world.run_for(10)
    assert group.masters() == ["one"]
    assert group.transitions() == [1, 0]


@FAMILIES
@pytest.mark.parametrize("by", [-3600.0, 3600.0])
def test_with_sequences_alone_clocks_mean_nothing(family: Family, keys: dict[int, Path], by: float) -> None:
    group = elected(family, keys, anti_replay="sequence")
    set_clock(group.one, by)
    group.world.run_for(6)
    assert group.masters() == ["one"]
    assert group.discarded() == {}


@FAMILIES
def test_nothing_of_it_is_known_by_its_bytes_or_sent_with_others(family: Family, keys: dict[int, Path]) -> None:
    group = elected(family, keys)
    for router in (group.one, group.two):
        deferred = router.instance(VRID)._deferred
        assert not deferred.is_repeated
        assert deferred._beats_known is None
    assert isinstance(group.one.instance(VRID).state, Master)
    assert group.one.instance(VRID).counters.advertisements_sent == len(group.heard)
