"""What `failover check` says of trackers, and of the weights that they have."""

import json
from pathlib import Path
from typing import Any

import pytest

from failover import config
from failover.cli import main, preview
from failover.cli.commands import check
from failover.linux.interfaces.table import Interface

UPLINK = config.InterfaceTracker(name="uplink", interface_name="eth1")
SPARE = config.InterfaceTracker(name="spare", interface_name="eth2")


def loaded(*track: Any, priority: int = 150) -> config.Configuration:
    router = config.VirtualRouter(
        vrid=51, interface_name="eth0", ip_addresses=["192.0.2.100/24"], priority=priority, track=track
    )
    return config.Configuration(virtual_routers=[router], trackers=[UPLINK, SPARE])


def eth1(*, up: bool = True, running: bool = True) -> dict[str, Interface]:
    return {"eth1": Interface(3, "eth1", bytes(6), up, running, 1500, None, ())}


@pytest.mark.parametrize(
    ("track", "line"),
    [
        ("uplink", "tracker uplink: gives up the addresses while it fails"),
        (config.Track("uplink", -60), "tracker uplink: while it fails, the priority is 90 (150 - 60)"),
        (config.Track("uplink", 60), "tracker uplink: while it is well, the priority is 210 (150 + 60)"),
        (config.Track("uplink", 200), "tracker uplink: while it is well, the priority is 254 (150 + 200)"),
    ],
)
def test_what_a_tracker_makes_of_the_priority_is_said(track: Any, line: str) -> None:
    (one,) = preview.preview(loaded(track), None)
    assert f"  follows    {line}" in check.text(one).splitlines()


@pytest.mark.parametrize(
    ("priority", "weights", "warnings"),
    [
        (150, (-20, 30), []),
        (10, (-20,), ["if all trackers fail, the priority would be -10; 1 is used"]),
        (250, (20,), ["if all trackers are well, the priority would be 270; 254 is used"]),
        (
            255,
            (-20,),
            ["the weights in track have no effect: the owner of the addresses always advertises priority 255"],
        ),
    ],
)
def test_weights_that_cannot_have_their_effect_are_a_warning(
    priority: int, weights: tuple[int, ...], warnings: list[str]
) -> None:
    track = [config.Track(name, weight) for name, weight in zip(("uplink", "spare"), weights, strict=False)]
    (one,) = preview.preview(loaded(*track, priority=priority), None)
    assert list(one.warnings) == warnings


@pytest.mark.parametrize(
    ("here", "now"),
    [
        (None, ""),
        (eth1(), ""),
        (eth1(running=False), ", fails now (eth1 has no carrier)"),
        (eth1(up=False), ", fails now (eth1 is administratively down)"),
        ({}, ", fails now (interface eth1 does not exist)"),
    ],
)
def test_each_tracker_has_a_line_with_how_it_is_and_who_follows_it(here: Any, now: str) -> None:
    spare = "" if here is None else ", fails now (interface eth2 does not exist)"
    assert check.trackers_text(preview.preview_trackers(loaded("uplink"), here)).splitlines() == [
        "Trackers",
        f"  uplink     interface eth1{now}; followed by VR_51",
        f"  spare      interface eth2{spare}; no virtual router follows it",
    ]


def test_the_command_says_it_too_and_in_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "vrrp-config.json"
    entry = {"vrid": 51, "interface_name": "lo", "ip_addresses": ["192.0.2.100/24"], "track": ["gone"]}
    tracker = {"name": "gone", "type": "interface", "interface_name": "no-such-one"}
    path.write_text(json.dumps({"virtual_routers": [entry], "trackers": [tracker]}))
    assert main(["check", str(path)]) == 0
    assert "Trackers\n  gone       interface no-such-one, fails now" in capsys.readouterr().out
    assert main(["check", "--json", str(path)]) == 0
    document = json.loads(capsys.readouterr().out)
    trouble = "interface no-such-one does not exist"
    assert document["trackers"] == [{**tracker, "trouble": trouble, "followed_by": ["VR_51"]}]
    assert document["virtual_routers"][0]["track"] == [{"tracker": "gone", "weight": None}]
