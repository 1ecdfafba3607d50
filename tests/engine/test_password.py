"""A daemon whose virtual router has a password: what it sends, hears and says, and where the password is not."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest

from failover.lab.network.lan import Host, Lan
from failover.lab.network.waiting import wait_until
from tests.engine.daemons import ENVIRONMENT, OurDaemon, ask, router, run_to_the_end
from tests.engine.test_fence import AS_THE_UNIT, SERVICE

pytestmark = pytest.mark.root

WORD: Final = "hunter2!"
LONGER: Final = f"{WORD} and more"


def entry(file: Path, **changes: Any) -> dict[str, Any]:
    authentication = {"method": "password", "password": {"file": str(file)}}
    return router(51, version=2, advert_interval=1, priority=200, authentication=authentication, **changes)


def written(host: Host, content: str) -> Path:
    """A file with a password that root alone may read."""
    file = host.directory / "password"
    file.touch()
    file.chmod(0o600)
    file.write_text(content)
    return file


def told(daemon: OurDaemon) -> tuple[str, bool]:
    """What the status says of the password."""
    found = daemon.router()["authentication"]
    return found["method"], found["password_is_cut"]


def told_by(daemon: OurDaemon) -> str:
    """All that the daemon says to anybody, and what others see of its process."""
    process = Path(f"/proc/{daemon.pid}")
    shown = [(process / name).read_text() for name in ("cmdline", "environ", "status")]
    return "\n".join((daemon.log(), json.dumps(daemon.status()), *shown))


def test_a_password_is_read_again_by_a_reload_also_where_root_alone_may_read_it(lan: Lan) -> None:
    host = lan.host("one", "192.0.2.11/24")
    capture = lan.capture()
    file = written(host, f"{LONGER}\n")
    daemon = OurDaemon(host, entry(file))
    daemon.wait_for("MASTER")
    assert told(daemon) == ("password", True)
    daemon.wait_for_log("the password has more than 8 bytes; only the first 8 are used, as in keepalived")

    def sent() -> list[bytes]:
        packets = [frame.data for frame in capture.frames() if frame.data[12:14] == b"\x08\x00"]
        return [packet[46:54] for packet in packets if packet[23] == 112 and packet[38] == 1]

    wait_until(lambda: WORD.encode() in sent(), "it is sent")
    file.write_text("other\n")
    assert ask(daemon.control, "/reload", "POST")[1]["changed"]["count"] == 1
    wait_until(lambda: sent()[-1] == b"other\0\0\0", "the other one is sent")
    assert told(daemon) == ("password", False)
    file.chmod(0o644)
    code, answer = ask(daemon.control, "/reload", "POST")
    assert (code, "may be read or changed by others (mode 0644)" in json.dumps(answer)) == (422, True)
    assert daemon.stop() == 0
    wait_until(lambda: sent()[-1] == b"other\0\0\0", "it resigns with its password")
    assert "hunter2" not in daemon.log()


def test_the_password_is_nowhere_to_be_seen_and_no_core_of_the_engine_is_dumped(lan: Lan) -> None:
    host = lan.host("one", "192.0.2.11/24")
    file = written(host, WORD)
    host.directory.parent.chmod(0o755)
    for one in (host.directory, file):
        os.chown(one, SERVICE, SERVICE)
    daemon = OurDaemon(host, router(51, version=2, advert_interval=1), prefix=AS_THE_UNIT)
    daemon.wait_for("MASTER")
    seen = Path(f"/proc/{daemon.pid}/environ")
    assert seen.stat().st_uid == SERVICE
    daemon.config.write_text(json.dumps([entry(file)]))
    assert ask(daemon.control, "/reload", "POST")[0] == 200
    # It belongs to root where the process is another user's and must not be dumped (proc(5)).
    wait_until(lambda: seen.stat().st_uid == 0, "no core will be dumped")
    daemon.wait_for("MASTER")
    assert "hunter2" not in told_by(daemon)
    assert daemon.stop() == 0


def test_a_file_that_cannot_be_used_keeps_the_daemon_from_starting_and_is_named(lan: Lan) -> None:
    host = lan.host("one", "192.0.2.11/24")
    file = written(host, WORD)
    file.chmod(0o604)
    refused = run_to_the_end(host, entry(file))
    assert refused.returncode == 3
    assert "may be read or changed by others (mode 0604)" in refused.stderr
    assert "hunter2" not in refused.stderr
    checked = subprocess.run(
        [sys.executable, "-m", "failover", "check", str(host.directory / "refused.json")],
        env=dict(ENVIRONMENT),
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )
    assert (checked.returncode, "mode 0604" in checked.stderr) == (3, True)
