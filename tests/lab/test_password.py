"""Version 2 with a password: our daemon with keepalived, in both places."""

from pathlib import Path
from typing import Any, ClassVar

import pytest

from failover.lab.network.lan import Lan
from failover.lab.network.waiting import wait_until
from failover.lab.router import RouterSpec
from tests.lab.keepalived import Keepalived
from tests.lab.ours import Ours
from tests.lab.scenarios import KINDS, PATIENCE, Arena, Driver, Scenario, election, killed, play, stopped

pytestmark = [pytest.mark.root, pytest.mark.peer]

VERSION_2 = next(kind for kind in KINDS if kind.version == 2)


class OursWithPassword(Ours):
    word: ClassVar[str] = "hunter2"

    def settings(self, spec: RouterSpec) -> dict[str, Any]:
        file = Path(self.host.directory) / "password"
        file.touch(0o600)
        file.write_text(f"{self.word}\n")
        return super().settings(spec) | {
            "authentication": {"method": "password", "password": {"file": str(file)}},
        }


class KeepalivedWithPassword(Keepalived):
    word: ClassVar[str] = "hunter2"

    def configuration(self) -> str:
        block = f"authentication {{\n    auth_type PASS\n    auth_pass {self.word}\n  }}\n  virtual_router_id"
        return super().configuration().replace("virtual_router_id", block)


class OursWithLonger(OursWithPassword):
    word = "hunter22 and more"


class KeepalivedWithLonger(KeepalivedWithPassword):
    word = '"hunter22-and-something-else"'


class OursWithAnother(OursWithPassword):
    word = "hunter3"


PAIRS = [
    (OursWithPassword, KeepalivedWithPassword),
    (KeepalivedWithPassword, OursWithPassword),
    (OursWithLonger, KeepalivedWithLonger),
    (KeepalivedWithLonger, OursWithLonger),
]


@pytest.mark.parametrize("scenario", [election, killed, stopped], ids=lambda scenario: scenario.__name__)
@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: "-".join(driver.__name__ for driver in pair))
def test_with_one_password_they_are_one_virtual_router(
    lan: Lan, scenario: Scenario, pair: tuple[Driver, Driver]
) -> None:
    play(lan, scenario, VERSION_2, *pair)


@pytest.mark.parametrize(
    ("ours", "theirs", "named", "by_them"),
    [
        (OursWithAnother, KeepalivedWithPassword, "password that is not ours", "received an invalid passwd!"),
        (OursWithPassword, Keepalived, "authentication type 0, must be 1", "received a 1 auth, expecting 0!"),
        (Ours, KeepalivedWithPassword, "authentication type 1, must be 0", "received a 0 auth, expecting 1!"),
    ],
)
def test_without_it_neither_hears_the_other_and_ours_says_why(
    lan: Lan, ours: Driver, theirs: Driver, named: str, by_them: str
) -> None:
    arena = Arena(lan, VERSION_2)
    one = arena.router(ours, "one", VERSION_2.spec(100))
    two = arena.router(theirs, "two", VERSION_2.spec(200))
    two.start()
    wait_until(lambda: two.is_master(two.specs[0]), "keepalived is MASTER", PATIENCE)
    one.start()
    wait_until(lambda: one.is_master(one.specs[0]), "ours is MASTER too", PATIENCE)
    wait_until(lambda: f"discarded an advertisement from 192.0.2.12: {named}" in one.log(), "it is named", PATIENCE)
    wait_until(lambda: by_them in two.log(), "keepalived refuses ours as well", PATIENCE)
    assert "hunter" not in one.log()
