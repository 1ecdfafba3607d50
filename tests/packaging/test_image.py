"""The container image: built, and run on two hosts with a client; the files for Compose and Kubernetes."""

import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import kubernetes_validate
import pytest
import yaml

from failover.cli import control
from failover.config import parse
from failover.lab.network.client import Client
from failover.lab.network.lan import Host, Lan
from failover.lab.network.namespaces import DIRECTORY
from failover.lab.network.waiting import wait_until
from failover.version import __version__
from tests.packaging.machine import ROOT, root_of
from tests.packaging.schemas import problems

pytestmark = [pytest.mark.packaging, pytest.mark.machines]

IMAGE = "localhost/failover:test"
BASE = "localhost/failover-base:bookworm"
ADDRESS = "192.168.100.100"
NEEDED = "NET_ADMIN,NET_RAW"
ALL = "NET_ADMIN,NET_RAW,SYS_NICE,IPC_LOCK"
KUBERNETES = "1.30"
CONTAINERS_CONF = """
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
"""
"""For a machine without systemd and with both kinds of control groups."""


def tool(*command: str | Path, check: bool = True) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ, cwd=ROOT)
    assert done.returncode == 0 or not check, f"{command}: {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout + (done.stderr if done.returncode else "")


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Built on a Debian made here: this must not depend on what a registry has."""
    conf = tmp_path_factory.mktemp("containers") / "containers.conf"
    conf.write_text(CONTAINERS_CONF)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CONTAINERS_CONF", str(conf))
        patch.setenv("BASE", BASE)
        patch.setenv("BUILDAH_ISOLATION", "chroot")
        container = tool("buildah", "from", "scratch").strip()
        tool("buildah", "add", "--quiet", container, root_of("bookworm", "ca-certificates"), "/")
        tool("buildah", "commit", "--quiet", container, BASE)
        tool("buildah", "rm", container)
        tool("packaging/oci/build", IMAGE)
        yield IMAGE
        tool("podman", "rmi", "--force", IMAGE, BASE)


class Container:
    """The image on a host of the lab."""

    def __init__(
        self,
        host: Host,
        directory: Path,
        capabilities: str = NEEDED,
        options: Sequence[str] = (),
        **settings: object,
    ) -> None:
        sample = json.loads((ROOT / "packaging/sample.json").read_text())
        self.file = directory / f"{host.label}.json"
        self.settings = sample | {"interface_name": "eth0", "advert_interval": 0.1} | settings
        self.file.write_text(json.dumps(self.settings))
        self.name = f"failover-{host.name}"
        self.id = tool(
            *("podman", "run", "--detach", "--name", self.name),
            *("--network", f"ns:{DIRECTORY / host.name}"),
            *("--cap-drop", "all", "--cap-add", capabilities),
            "--read-only",
            *options,
            *("--volume", f"{self.file}:/etc/failover/vrrp-config.json:ro"),
            IMAGE,
        ).strip()

    def status(self) -> str:
        return tool("podman", "exec", self.name, "failover", "status", check=False)

    def reload(self, **settings: object) -> str:
        """With other settings than before."""
        self.file.write_text(json.dumps(self.settings | settings))  # not another file: this one is mounted
        return tool("podman", "exec", self.name, "failover", "reload")

    def processes(self) -> list[dict[str, str]]:
        """What the kernel says of each process in it, by the names of /proc/PID/status."""
        first = int(json.loads(tool("podman", "inspect", self.name))[0]["State"]["Pid"])
        found = [first]
        for pid in found:
            found += map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
        texts = [Path(f"/proc/{pid}/status").read_text() for pid in found]
        return [dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line) for text in texts]

    def log(self) -> str:
        return tool("sh", "-c", f"podman logs {self.name} 2>&1", check=False)

    def close(self) -> None:
        tool("podman", "rm", "--force", "--time", "0", self.name, check=False)


def test_two_containers_and_a_client(image: str, tmp_path: Path) -> None:
    with Lan() as lan, ExitStack() as stack:
        hosts = [lan.host("one", "192.168.100.1/24"), lan.host("two", "192.168.100.2/24")]
        one, two = (
            Container(host, tmp_path, priority=priority) for host, priority in zip(hosts, (200, 100), strict=True)
        )
        for container in (one, two):
            stack.callback(container.close)
        wait_until(lambda: "MASTER" in one.status() and "BACKUP" in two.status(), "both have their part", 20)
        with Client(lan.host("client", "192.168.100.9/24"), ADDRESS) as client:
            client.wait_for_answer()
            # Its network stays, with the address on it; a host that dies has none.
            lan.cut(hosts[0])
            tool("podman", "kill", one.name)
            wait_until(lambda: "MASTER" in two.status(), "the other takes over", 20)
            client.wait_for_answer()
        tool("podman", "stop", two.name)
        assert json.loads(tool("podman", "inspect", two.name))[0]["State"]["ExitCode"] == 0
        assert f"{ADDRESS}/24" not in map(str, hosts[1].held())


def test_it_is_not_root_and_its_health_is_the_daemon_s(image: str, tmp_path: Path) -> None:
    with Lan() as lan, ExitStack() as stack:
        container = Container(lan.host("one", "192.168.100.1/24"), tmp_path)
        stack.callback(container.close)
        wait_until(lambda: "MASTER" in container.status(), "it is MASTER", 20)
        assert tool("podman", "exec", container.name, "id", "-u").strip() == "65100"
        health = ("podman", "exec", container.name, "failover", "health", "--live")
        assert tool(*health).strip() == "OK: engine and agent answer"
        tool("podman", "healthcheck", "run", container.name)
        engine = json.loads(tool("podman", "inspect", container.name))[0]["State"]["Pid"]
        os.kill(engine, signal.SIGSTOP)
        frozen = "CRITICAL: the engine does not answer"
        wait_until(lambda: frozen in tool(*health, check=False), "it is not alive", 20)
        failed = subprocess.run(("podman", "healthcheck", "run", container.name), capture_output=True, check=False)
        assert failed.returncode != 0
        os.kill(engine, signal.SIGCONT)
        tool("podman", "healthcheck", "run", container.name)


def test_only_the_daemon_s_user_can_gain_a_capability_and_only_the_daemon_does(image: str, tmp_path: Path) -> None:
    everything = ("podman", "run", "--rm", "--network", "none", "--cap-drop", "all", "--cap-add", ALL)
    granting = tool(*everything, "--user", "0:0", "--entrypoint", "getcap", IMAGE, "-r", "/").split("\n")
    assert [line.split()[0] for line in granting if line] == ["/usr/lib/failover/bin/python3-network"]
    for user in ("1000:1000", "65534:65534"):
        command = (*everything, "--user", user, "--entrypoint", "/usr/lib/failover/bin/python3-network", IMAGE)
        assert "permission denied" in tool(*command, "-c", "0", check=False).lower()
    with Lan() as lan, ExitStack() as stack:
        container = Container(lan.host("one", "192.168.100.1/24"), tmp_path, ALL)
        stack.callback(container.close)
        wait_until(lambda: "MASTER" in container.status(), "it is MASTER", 20)
        engine, agent = container.processes()
        assert int(engine["CapEff"], 16) == sum(1 << number for number in (12, 13, 14, 23))
        assert {name: int(agent[name], 16) for name in ("CapPrm", "CapEff", "CapBnd", "CapAmb")} == {
            "CapPrm": 0,
            "CapEff": 0,
            "CapBnd": int(engine["CapBnd"], 16),  # to empty it takes a capability; it is void by no_new_privs
            "CapAmb": 0,
        }
        assert agent["NoNewPrivs"] == "1"
        reading = "import re; print(re.search('CapEff.*', open('/proc/self/status').read()).group())"
        ordinary = ("/usr/lib/failover/bin/python3", "-c", reading)
        assert int(tool("podman", "exec", "--user", "1000", container.name, *ordinary).split()[1], 16) == 0


def test_as_compose_runs_it_nothing_can_gain_a_right_and_the_agent_is_not_root(image: str, tmp_path: Path) -> None:
    service = yaml.safe_load((ROOT / "packaging/oci/compose.yaml").read_text())["services"]["failover"]
    assert (service["cap_drop"], service["read_only"]) == (["ALL"], True)
    assert service["security_opt"] == ["no-new-privileges:true"]
    options = ["--security-opt", "no-new-privileges", "--user", service["user"]]
    options += [option for place in service["tmpfs"] for option in ("--tmpfs", place)]
    with Lan() as lan, ExitStack() as stack:
        container = Container(
            lan.host("one", "192.168.100.1/24"), tmp_path, ",".join(service["cap_add"]), options=options
        )
        stack.callback(container.close)
        wait_until(lambda: "MASTER" in container.status(), "it is MASTER", 20)
        engine, agent = container.processes()
        assert (engine["NoNewPrivs"], agent["NoNewPrivs"]) == ("1", "1")
        assert (engine["Uid"].split()[1], agent["Uid"].split()) == ("0", ["65100"] * 4)
        assert (agent["Groups"].strip(), int(agent["CapEff"], 16), int(agent["CapPrm"], 16)) == ("", 0, 0)
        assert "changed: VR_1" in container.reload(excluded_ip_addresses=["192.168.100.101/24"])


def test_it_takes_another_configuration(image: str, tmp_path: Path) -> None:
    with Lan() as lan, ExitStack() as stack:
        host = lan.host("one", "192.168.100.1/24")
        container = Container(host, tmp_path)
        stack.callback(container.close)
        wait_until(lambda: "MASTER" in container.status(), "it is MASTER", 20)
        assert "changed: VR_1" in container.reload(excluded_ip_addresses=["192.168.100.101/24"])
        assert "192.168.100.101/24" in map(str, host.held())


def test_a_missing_capability_is_named(image: str, tmp_path: Path) -> None:
    with Lan() as lan, ExitStack() as stack:
        container = Container(lan.host("one", "192.168.100.1/24"), tmp_path, "NET_ADMIN")
        stack.callback(container.close)
        wait_until(lambda: "needs CAP_NET_RAW" in container.log(), "it says so")


def test_the_image_is_small_and_has_the_version(image: str) -> None:
    ours, base = (json.loads(tool("podman", "image", "inspect", name))[0]["Size"] for name in (IMAGE, BASE))
    assert ours - base < 100e6
    assert __version__ in tool("podman", "run", "--rm", "--network", "none", IMAGE, "--version")


LIVE = ["failover", "health", "--live"]


def test_all_probes_ask_whether_it_is_alive_and_give_it_the_time_to_find_out() -> None:
    _, daemons = yaml.safe_load_all((ROOT / "packaging/kubernetes/daemonset.yaml").read_text())
    (pod,) = daemons["spec"]["template"]["spec"]["containers"]
    probes = [pod[name] for name in ("livenessProbe", "readinessProbe")]
    assert [probe["exec"]["command"] for probe in probes] == [LIVE] * 2
    compose = yaml.safe_load((ROOT / "packaging/oci/compose.yaml").read_text())["services"]["failover"]["healthcheck"]
    assert compose["test"] == ["CMD", *LIVE]
    containerfile = (ROOT / "packaging/oci/Containerfile").read_text()
    ((options, checked),) = re.findall(r"^HEALTHCHECK (.*) CMD (.*)$", containerfile, re.MULTILINE)
    assert json.loads(checked) == LIVE
    seconds = [probe["timeoutSeconds"] for probe in probes]
    seconds += [int(compose["timeout"][:-1]), int(re.findall(r"--timeout=(\d+)s", options)[0])]
    assert min(seconds) > control.PATIENCE_SECONDS, "a start of the command on a busy host comes on top of it"


def test_the_compose_file_is_one() -> None:
    assert problems("vendor.compose-spec", ROOT / "packaging/oci/compose.yaml") == ""


def test_the_manifest_is_what_kubernetes_takes_and_its_configuration_what_we_take() -> None:
    configuration, daemons = yaml.safe_load_all((ROOT / "packaging/kubernetes/daemonset.yaml").read_text())
    for document in (configuration, daemons):
        kubernetes_validate.validate(document, KUBERNETES, strict=True)
    assert parse(configuration["data"]["vrrp-config.json"], "daemonset.yaml").virtual_routers
    (pod,) = daemons["spec"]["template"]["spec"]["containers"]
    assert pod["securityContext"]["capabilities"]["add"][:2] == NEEDED.split(",")
