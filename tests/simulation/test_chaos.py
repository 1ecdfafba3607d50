"""Many virtual routers on three hosts, first amid all kinds of trouble, then in peace: from one seed.

In trouble two hosts may hold an address, for neither hears the other. What must hold all the same is each host's own
order: it has an address exactly while it is MASTER. Once there is peace, all must come to one MASTER each, and soon.
"""

import time
from collections.abc import Iterator
from functools import cache
from ipaddress import ip_interface
from typing import Final

import pytest
from msgspec.structs import replace

from failover.config import VirtualRouter
from failover.vrrp import VirtualAddress
from tests.simulation.host import SimulatedHost
from tests.simulation.lan import Lan
from tests.simulation.router import Router
from tests.simulation.world import World

VRIDS: Final = range(1, 21)
NAMES: Final = ("one", "two", "three")
INTERVAL: Final = 1.0
MASTER_DOWN: Final = 4 * INTERVAL
"""Seconds, at most."""
LONGEST_STALL: Final = 2 * MASTER_DOWN
TROUBLE: Final = 30.0
"""Seconds that it lasts."""


@cache
def address(vrid: int) -> VirtualAddress:
    """Of the virtual router; each second one is of IPv6."""
    return ip_interface(f"192.0.2.{100 + vrid}/24" if vrid % 2 else f"fe80::100:{vrid:x}/64")


def priority(vrid: int, host: int) -> int:
    """Each host is the first for a third of them."""
    return 50 + 50 * ((vrid + host) % len(NAMES))


@cache
def virtual_routers(host: int) -> tuple[VirtualRouter, ...]:
    return tuple(
        VirtualRouter(
            vrid=vrid,
            interface_name="eth0",
            ip_addresses=[address(vrid)],
            priority=priority(vrid, host),
            advert_interval=INTERVAL,
        )
        for vrid in VRIDS
    )


class Network:
    """Three hosts on a LAN, each with a router for everything."""

    def __init__(self, seed: int) -> None:
        self.world = World(seed)
        self.lan = Lan(self.world, jitter=0.001)
        self.hosts: list[SimulatedHost] = []
        for number, name in enumerate(NAMES):
            made = SimulatedHost(self.world, name)
            made.connect(self.lan, "eth0", f"192.0.2.{number + 1}/24")
            self.hosts.append(made)
        self.routers = [Router(host, virtual_routers(number)) for number, host in enumerate(self.hosts)]

    def masters(self, vrid: int) -> list[str]:
        return [router.host.name for router in self.routers if router.is_master(vrid)]

    def holders(self, vrid: int) -> list[str]:
        return [host.name for host in self.hosts if host.holds(address(vrid))]

    def check_each_host(self) -> None:
        """Safety. A router that has just been stopped or started is no exception."""
        for vrid in VRIDS:
            assert self.masters(vrid) == self.holders(vrid), self.about(vrid)

    def check_all(self) -> None:
        """Liveness: the MASTER is who has the highest priority, and nobody else has the address."""
        for vrid in VRIDS:
            best = max(range(len(NAMES)), key=lambda host: priority(vrid, host))
            assert self.masters(vrid) == self.holders(vrid) == [NAMES[best]], self.about(vrid)

    def about(self, vrid: int) -> str:
        return f"virtual router {vrid} at {self.world.now} ns, seed {self.world.seed}"

    # --- trouble

    def trouble(self) -> None:
        """One more kind of it, or one less, somewhere."""
        number = self.world.random.randrange(len(NAMES))
        kinds = self.cut, self.heal, self.pull, self.plug, self.stall, self.restart, self.stop_and_start, self.reload
        self.world.random.choice(kinds)(number)

    def cut(self, number: int) -> None:
        self.lan.cut(NAMES[number])

    def heal(self, number: int) -> None:
        self.lan.heal(NAMES[number])

    def pull(self, number: int) -> None:
        self.hosts[number].kernel.set_carrier("eth0", there=False)

    def plug(self, number: int) -> None:
        self.hosts[number].kernel.set_carrier("eth0", there=True)

    def stall(self, number: int) -> None:
        self.routers[number].stall(self.world.random.uniform(0, LONGEST_STALL))

    def reload(self, number: int) -> None:
        """Some routers go, some come, and some have another priority."""
        random = self.world.random
        some = [
            replace(one, priority=random.randrange(1, 255)) if random.random() < 0.5 else one
            for one in virtual_routers(number)
            if random.random() < 0.8
        ]
        self.routers[number].reconfigure(some)

    def restart(self, number: int) -> None:
        """After it was killed."""
        self.routers[number].kill()
        self._start(number)

    def stop_and_start(self, number: int) -> None:
        self.routers[number].stop()
        self._start(number)

    def peace(self) -> None:
        self.lan.loss = 0
        for number in range(len(NAMES)):
            self.heal(number)
            self.plug(number)
            self.routers[number].reconfigure(virtual_routers(number))

    def _start(self, number: int) -> None:
        self.routers[number] = Router(self.hosts[number], virtual_routers(number))


def moments(network: Network) -> Iterator[None]:
    """Time passes, with a look at each host now and then."""
    for _ in range(int(TROUBLE / INTERVAL * 4)):
        network.world.run_for(INTERVAL / 4)
        network.check_each_host()
        yield


def peace_comes(network: Network) -> None:
    network.peace()
    network.world.run_for(LONGEST_STALL + 2 * MASTER_DOWN)
    network.check_all()
    for _ in range(10):
        network.world.run_for(INTERVAL)
        network.check_all()


@pytest.mark.parametrize("seed", range(5))
def test_after_a_time_in_which_packets_are_lost_each_virtual_router_has_one_master_again(seed: int) -> None:
    began = time.perf_counter()
    network = Network(seed)
    network.lan.loss = 0.1
    for _ in moments(network):
        pass
    peace_comes(network)
    print(f"seed {seed}: {time.perf_counter() - began:.2f} s of real time")


@pytest.mark.parametrize("seed", range(5))
def test_after_cut_cables_lost_carriers_and_restarts_each_virtual_router_has_one_master_again(seed: int) -> None:
    began = time.perf_counter()
    network = Network(seed)
    network.lan.loss = 0.1
    for _ in moments(network):
        if network.world.random.random() < 0.3:
            network.trouble()
    peace_comes(network)
    print(f"seed {seed}: {time.perf_counter() - began:.2f} s of real time")


@pytest.mark.parametrize("seed", range(3))
def test_the_same_seed_is_the_same_story(seed: int) -> None:
    def story() -> list[object]:
        network = Network(seed)
        network.lan.loss = 0.3
        network.world.run_for(10)
        return [network.lan.adverts, network.lan.announced, [router.events for router in network.routers]]

    assert story() == story()
