"""`failover.engine.port.known_adverts`: known packets, and when their routers must watch for themselves."""

from failover.engine.port.known_adverts import _AHEAD, KnownAdvert, KnownAdverts
from failover.vrrp import Instant, Interval, seconds
from tests.engine.simulated import SimulatedLoop, loop_of
from tests.vrrp.making import NOW, after

LONG, SHORT = seconds(3.6), seconds(0.36)


class Watchers:
    """Routers that know nothing but whether they have been given back their own watch, and when."""

    def __init__(self) -> None:
        self.loop = SimulatedLoop()
        self.known_adverts = KnownAdverts(loop_of(self.loop))
        self.known: dict[bytes, KnownAdvert] = {}
        self.released: dict[bytes, Instant] = {}

    def expect(self, packet: bytes, held_off: Interval, at: Instant = NOW) -> None:
        def release() -> None:
            self.known.pop(packet).end()
            self.released[packet] = self.loop.now

        self.known[packet] = self.known_adverts.expect(packet, 0, held_off, at, release)


def test_a_batch_of_which_all_is_known_is_noted() -> None:
    watchers = Watchers()
    watchers.expect(b"one", LONG)
    watchers.expect(b"two", LONG)
    first, second = after(NOW, 1), after(NOW, 2)
    assert watchers.known_adverts.note([b"one", b"two", b"one"], [first, first, second])
    one, two = watchers.known.values()
    assert (one.heard_at, two.heard_at) == (second, first)
    assert (one.take(), two.take()) == (2, 1)
    assert (one.take(), two.take()) == (0, 0)


def test_of_a_batch_with_a_stranger_nothing_is_noted() -> None:
    watchers = Watchers()
    watchers.expect(b"one", LONG)
    assert not watchers.known_adverts.note([b"one", b"stranger"], [after(NOW, 1)] * 2)
    assert watchers.known[b"one"].heard_at == NOW
    assert watchers.known[b"one"].take() == 0


def test_what_is_forgotten_is_a_stranger() -> None:
    watchers = Watchers()
    watchers.expect(b"one", LONG)
    assert b"one" in watchers.known_adverts
    watchers.known[b"one"].end()
    assert b"one" not in watchers.known_adverts
    assert not watchers.known_adverts.note([b"one"], [NOW])
    assert watchers.known_adverts.known == ()


def test_a_router_watches_for_itself_shortly_before_its_time_is_over_and_not_before() -> None:
    watchers = Watchers()
    watchers.expect(b"slow", LONG)
    watchers.expect(b"fast", SHORT)
    watchers.loop.run(after(NOW, LONG))
    assert watchers.released == {b"fast": after(NOW, SHORT - _AHEAD), b"slow": after(NOW, LONG - _AHEAD)}


def test_what_comes_again_puts_that_off() -> None:
    watchers = Watchers()
    watchers.expect(b"silent", SHORT)
    watchers.expect(b"alive", SHORT)
    for tenth in range(1, 10):
        at = after(NOW, tenth * seconds(0.1))
        watchers.loop.run(at)
        watchers.known_adverts.note([b"alive"], [at])
    assert watchers.released == {b"silent": after(NOW, SHORT - _AHEAD)}
    watchers.loop.run(after(NOW, seconds(5)))
    assert watchers.released[b"alive"] == after(NOW, seconds(0.9) + SHORT - _AHEAD)


def test_those_whose_time_is_over_together_are_given_back_together() -> None:
    watchers = Watchers()
    for number in range(250):
        watchers.expect(bytes((number,)), SHORT, after(NOW, number * 1000))
    watchers.loop.sleep(after(NOW, SHORT - _AHEAD))
    assert watchers.released.keys() == {b"\0"}
    watchers.loop.sleep(after(NOW, SHORT))
    assert len(watchers.released) == 250


def test_what_may_have_been_lost_is_presumed_to_have_come() -> None:
    watchers = Watchers()
    watchers.expect(b"one", SHORT)
    at = after(NOW, seconds(0.3))
    watchers.known_adverts.presume(at)
    watchers.loop.run(after(at, SHORT - _AHEAD - 1))
    assert watchers.released == {}
    assert watchers.known[b"one"].take() == 0
    watchers.loop.run(after(at, SHORT))
    assert watchers.released.keys() == {b"one"}


def presumed_all_the_time(watchers: Watchers, duration: Interval) -> None:
    end = after(watchers.loop.now, duration)
    while watchers.loop.now < end:
        watchers.loop.run(after(watchers.loop.now, seconds(0.1)))
        watchers.known_adverts.presume(watchers.loop.now)


def test_what_is_lost_for_very_long_is_not_presumed_to_come_any_more() -> None:
    watchers = Watchers()
    watchers.expect(b"one", SHORT)
    for _ in range(3):
        presumed_all_the_time(watchers, Interval(2 * SHORT))
        assert watchers.released == {}
        assert watchers.known_adverts.note([b"one"], [after(watchers.loop.now, 1)])
    began = watchers.loop.now
    presumed_all_the_time(watchers, Interval(5 * SHORT))
    assert began + 3 * SHORT < watchers.released[b"one"] <= began + 4 * SHORT


def test_when_nothing_will_come_any_more_each_router_watches_for_itself() -> None:
    watchers = Watchers()
    watchers.expect(b"one", LONG)
    watchers.expect(b"two", SHORT)
    watchers.known_adverts.close()
    assert watchers.released == {b"one": NOW, b"two": NOW}
    watchers.loop.run(after(NOW, seconds(10)))
    assert watchers.released == {b"one": NOW, b"two": NOW}


def test_when_all_have_gone_nothing_is_left_to_watch() -> None:
    watchers = Watchers()
    watchers.expect(b"one", LONG)
    watchers.known[b"one"].end()
    watchers.loop.run(after(NOW, seconds(10)))
    assert watchers.released == {}
    watchers.expect(b"two", SHORT, watchers.loop.now)
    watchers.loop.run(after(watchers.loop.now, SHORT))
    assert watchers.released.keys() == {b"two"}
