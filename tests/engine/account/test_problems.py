"""What others do wrong is a problem as long as they do it, and what happens in a hand-over is none."""

from collections.abc import Callable
from ipaddress import ip_address, ip_interface

import pytest

from failover.engine.account.problems import Problems, elsewhere, oddity, refusal, unheard
from failover.linux.clock import Clock
from failover.vrrp import (
    Address,
    Advertisement,
    Discard,
    DiscardReason,
    Instant,
    Interval,
    Oddity,
    ReportOddity,
    Version,
    VirtualRouter,
    seconds,
)
from failover.wording import Fields

PEER = ip_address("192.0.2.12")
ROUTER = VirtualRouter(vrid=51, primary_address=ip_address("192.0.2.11"), addresses=(ip_interface("192.0.2.100/24"),))
WALL = 1_000_000 * 10**9
VERSION = Discard(DiscardReason.VERSION, 2, "3")


def report(what: Oddity, *addresses: str) -> ReportOddity:
    listed = tuple(map(ip_address, addresses)) or ROUTER.advertised
    return ReportOddity(
        what, Advertisement(version=Version.V3, vrid=51, priority=100, interval=seconds(1), addresses=listed), PEER
    )


def words() -> Fields:
    return {"reason": "version", "source": str(PEER), "detail": "no"}


class Story:
    """A router that hears things as time goes by."""

    def __init__(self) -> None:
        self.now = Instant(5 * 10**9)
        self.problems = Problems()
        self.clock = Clock(lambda: self.now, lambda: WALL + self.now)

    def wait(self, duration: float) -> None:
        self.now = Instant(self.now + seconds(duration))

    def refuse(self, source: Address = PEER, interval: Interval | None = None) -> None:
        wrong = refusal(VERSION, source)
        self.problems.heard(wrong, interval or seconds(1), self.now, words)

    def told(self) -> list[str]:
        return [problem.what for problem in self.problems.current(self.clock)]


@pytest.fixture
def story() -> Story:
    return Story()


def test_what_is_heard_again_is_a_problem_with_its_times_until_it_was_not_heard_for_a_while(story: Story) -> None:
    story.refuse()
    assert story.told() == []
    story.wait(1)
    story.refuse()
    [problem] = story.problems.current(story.clock)
    assert (problem.what, problem.source, problem.severity) == ("version", "192.0.2.12", "critical")
    assert problem.text == "discarded an advertisement from 192.0.2.12: no"
    assert (problem.since, problem.last_heard) == (WALL + 5 * 10**9, WALL + 6 * 10**9)
    assert (problem.over_at, problem.count) == (WALL + 11 * 10**9, 2)
    story.wait(5)
    assert story.told() == ["version"]
    story.wait(0.001)
    assert story.told() == []


def test_after_a_pause_it_begins_anew(story: Story) -> None:
    for pause in (1, 1, 60, 1):
        story.wait(pause)
        story.refuse()
    [problem] = story.problems.current(story.clock)
    assert problem.since == WALL + 67 * 10**9
    assert problem.count == 2


def test_who_speaks_seldom_is_waited_for(story: Story) -> None:
    for _ in range(2):
        story.refuse(interval=seconds(40))
        story.wait(40)
    story.wait(99)
    assert story.told() == ["version"]
    story.wait(2)
    assert story.told() == []


def test_a_rival_is_none_before_it_has_had_the_time_to_give_in(story: Story) -> None:
    rival = oddity(report(Oddity.RIVAL_MASTER), ROUTER)
    told = []
    for _ in range(3):
        story.problems.heard(rival, seconds(1), story.now, lambda: {"oddity": "x", "source": str(PEER)})
        told.append(story.told())
    assert told == [[], [], ["rival_master"]]


@pytest.mark.parametrize(
    ("wrong", "severity"),
    [
        (lambda: oddity(report(Oddity.RIVAL_MASTER), ROUTER), "critical"),
        (lambda: oddity(report(Oddity.SEVERAL_OWNERS), ROUTER), "critical"),
        (lambda: oddity(report(Oddity.INTERVAL_MISMATCH), ROUTER), "warning"),
        (lambda: oddity(report(Oddity.EQUAL_PRIORITY), ROUTER), "warning"),
        (lambda: oddity(report(Oddity.ADDRESS_LIST_MISMATCH, "192.0.2.100", "192.0.2.101"), ROUTER), "warning"),
        (lambda: oddity(report(Oddity.ADDRESS_LIST_MISMATCH, "192.0.2.101"), ROUTER), "critical"),
        (lambda: refusal(VERSION, PEER), "critical"),
        (lambda: refusal(Discard(DiscardReason.HOP_LIMIT, 64, "255"), PEER), "warning"),
    ],
)
def test_what_leaves_an_address_with_two_masters_or_none_is_critical(
    wrong: Callable[[], object], severity: str
) -> None:
    assert getattr(wrong(), "severity", None) == severity


def test_the_gravest_comes_first_and_then_the_oldest(story: Story) -> None:
    for what in (Oddity.EQUAL_PRIORITY, Oddity.INTERVAL_MISMATCH):
        for _ in range(2):
            story.problems.heard(
                oddity(report(what), ROUTER), seconds(1), story.now, lambda: {"oddity": "x", "source": "y"}
            )
        story.wait(1)
    story.refuse()
    story.refuse()
    assert story.told() == ["version", "equal_priority", "interval_mismatch"]


def test_a_flood_from_many_sources_drives_out_what_was_heard_least_recently(
    story: Story,
) -> None:
    sources = [ip_address(0xC0000200 + number) for number in range(100)]
    for source in sources:
        story.refuse(source)
        story.refuse(source)
        story.wait(0.01)
    there = [problem.source for problem in story.problems.current(story.clock)]
    assert there == [str(source) for source in sources[-16:]]
    story.wait(10)
    story.refuse()
    assert len(story.problems._streaks) == 1


def test_what_is_known_to_be_over_is_no_problem_any_more(story: Story) -> None:
    wrong = elsewhere("02:00:00:00:00:02")
    heard = [story.problems.heard(wrong, seconds(60), story.now, fields) for _ in range(2)]
    assert heard == [False, True]
    [problem] = story.problems.current(story.clock)
    assert (problem.what, problem.source, problem.severity) == ("address_elsewhere", "02:00:00:00:00:02", "critical")
    assert problem.text.startswith("another host, 02:00:00:00:00:02, answers for 192.0.2.100 on eth0, too")
    assert story.problems.over(wrong)
    assert story.told() == []
    assert not story.problems.over(wrong)
    story.problems.heard(wrong, seconds(60), story.now, fields)
    assert not story.problems.over(wrong), "heard once, it was none"


def fields() -> Fields:
    return {"interface": "eth0", "addresses": "192.0.2.100", "mac": "02:00:00:00:00:02"}


def test_who_was_heard_since_when_is_known_by_what_was_wrong_and_not_by_what_was_looked_for(story: Story) -> None:
    other = ip_address("192.0.2.13")
    story.refuse()
    story.problems.heard(unheard(other), seconds(60), story.now, lambda: {"source": str(other), "priority": 1})
    before, now = Instant(story.now - 1), story.now
    assert story.problems.has_heard(PEER, before)
    assert story.problems.has_heard(PEER, now)
    assert not story.problems.has_heard(PEER, Instant(now + 1))
    assert not story.problems.has_heard(other, before)


def test_with_other_settings_what_was_heard_is_heard_anew_and_what_was_found_stays(story: Story) -> None:
    for _ in range(2):
        story.refuse()
        story.problems.heard(elsewhere("02:00:00:00:00:02"), seconds(60), story.now, fields)
    assert len(story.told()) == 2
    story.problems.forget_heard()
    assert story.told() == ["address_elsewhere"]
