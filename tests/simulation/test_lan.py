"""What becomes of a datagram on the simulated LAN."""

from failover.frames import announcement
from failover.vrrp import Instant, seconds
from tests.simulation.lan import Lan, Nic
from tests.simulation.world import World
from tests.vrrp.making import GREATER


def datagram(number: int) -> bytes:
    return bytes((0x45, *bytes(19), 0x31, number, 100))


class Receiver:
    def __init__(self) -> None:
        self.arrived: list[tuple[Instant, bytes]] = []
        self.world = World()

    def arrive(self, datagram: bytes) -> None:
        self.arrived.append((self.world.now, datagram))


def received(seed: int, **settings: float) -> list[tuple[Instant, bytes]]:
    """What comes of a hundred datagrams, sent one each millisecond."""
    receiver = Receiver()
    world = receiver.world = World(seed)
    lan = Lan(world, **settings)
    sender, card = (lan.plug(name, lambda: True) for name in ("sender", "receiver"))
    card.join(receiver)
    for number in range(100):
        sender.advertise(datagram(number))
        world.run_for(0.001)
    world.run_for(1)
    return receiver.arrived


def test_with_the_same_seed_the_same_is_lost_and_late_and_with_another_it_is_not() -> None:
    runs = [received(seed, loss=0.3, jitter=0.01) for seed in (1, 1, 2)]
    assert runs[0] == runs[1] != runs[2]
    assert 50 < len(runs[0]) < 90


def test_jitter_delays_and_never_changes_the_order() -> None:
    arrived = received(1, latency=0.001, jitter=0.01)
    assert [datagram[21] for _, datagram in arrived] == list(range(100))
    assert len({at for at, _ in arrived}) > 10


def three_cards() -> tuple[World, Lan, dict[str, Nic], dict[str, Receiver]]:
    world = World()
    lan = Lan(world, latency=0.001)
    cards = {name: lan.plug(name, lambda: True) for name in ("one", "two", "three")}
    receivers = {name: Receiver() for name in cards}
    for name, card in cards.items():
        receivers[name].world = world
        card.join(receivers[name])
    return world, lan, cards, receivers


def test_a_datagram_comes_to_all_but_its_sender_after_the_latency() -> None:
    world, _, cards, receivers = three_cards()
    sent = world.now
    cards["one"].advertise(datagram(7))
    world.run_for(1)
    assert receivers["one"].arrived == []
    assert receivers["two"].arrived == receivers["three"].arrived == [(sent + seconds(0.001), datagram(7))]


def test_what_is_under_way_to_a_host_that_is_cut_off_or_gone_never_comes() -> None:
    world, lan, cards, receivers = three_cards()
    cards["one"].advertise(datagram(7))
    lan.cut("two")
    lan.unplug(cards["three"])
    world.run_for(1)
    assert receivers["two"].arrived == receivers["three"].arrived == []


def test_nothing_comes_through_from_a_host_that_is_cut_off_until_that_is_healed() -> None:
    world, lan, cards, receivers = three_cards()
    lan.cut("one")
    cards["one"].advertise(datagram(7))
    world.run_for(1)
    lan.heal("one")
    cards["one"].advertise(datagram(8))
    world.run_for(1)
    assert [one for _, one in receivers["two"].arrived] == [datagram(8)]
    assert [advert.vrid for advert in lan.adverts] == [8]


def test_an_announcement_is_recorded_with_its_address_in_either_family() -> None:
    _, lan, cards, _ = three_cards()
    for address in GREATER.values():
        cards["one"].announce(announcement(bytes(6), address))
    assert [one.address for one in lan.announced] == list(GREATER.values())
