"""What the process that reads the file hands over is what the file says."""

import dataclasses
import json
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from failover.config import Configuration, DaemonSettings, VirtualRouter, parse
from failover.engine.intended import intended
from failover.engine.reload.handover import Bad, Complete, Excluded, Instances, _Instance, bad, decode, encode, handover
from failover.messages import MAX_MESSAGE_BYTES
from failover.vrrp import Secret
from failover.vrrp import VirtualRouter as ProtocolInstance
from tests.config.strategies import documents

LEARNED = {"primary_address", "on_link", "beat_phase"}
"""What an instance learns where it runs."""


@given(documents())
def test_whatever_a_file_can_say_arrives_as_it_would_be_run_from_the_start(document: Any) -> None:
    configuration = parse(json.dumps(document))
    *some, last = (decode(encode(packet)) for packet in handover(configuration))
    assert [one for packet in some if isinstance(packet, Instances) for one in packet.unpacked()] == intended(
        configuration
    )
    assert last == Complete(configuration.daemon, configuration.digest)


def test_no_parameter_of_an_instance_is_left_behind() -> None:
    parameters = {field.name for field in dataclasses.fields(ProtocolInstance)}
    assert set(_Instance.__struct_fields__) == parameters - LEARNED | {"name", "interface", "family", "tracks"}


def test_a_password_arrives_and_is_shown_by_nothing(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_bytes(b"hunter2")
    file.chmod(0o600)
    authentication = {"method": "password", "password": {"file": str(file)}}
    router = VirtualRouter(
        vrid=1, interface_name="eth0", ip_addresses=["192.0.2.1/24"], version=2, authentication=authentication
    )
    configuration = Configuration(virtual_routers=(router,))
    packets = [decode(encode(packet)) for packet in handover(configuration)]
    arrived = [one for packet in packets if isinstance(packet, Instances) for one in packet.unpacked()]
    assert arrived == intended(configuration)
    assert arrived[0].router.password == Secret(b"hunter2")
    assert "hunter2" not in repr(packets)


def test_the_settings_of_the_daemon_arrive() -> None:
    own = DaemonSettings(realtime_priority=7, lock_memory=False, cpu_affinity=[0, 1])
    routers = (VirtualRouter(vrid=1, interface_name="eth0", ip_addresses=["192.0.2.1/24"]),)
    configuration = Configuration(virtual_routers=routers, daemon=own)
    *_, last = handover(configuration)
    assert decode(encode(last)) == Complete(own, configuration.digest)


def test_many_routers_and_many_addresses_come_in_packets_that_are_small_enough() -> None:
    names = [f"{'x' * 120}{number}" for number in range(300)]
    routers = [
        VirtualRouter(
            name=name,
            vrid=number % 255 + 1,
            interface_name=f"eth{number // 255}",
            ip_addresses=[f"2001:db8:{number:x}::{host:x}/64" for host in range(1, 200 if number == 7 else 3)],
            excluded_ip_addresses=[
                f"2001:db8:{number:x}:1::{host:x}/64" for host in range(1, 1000 if number == 8 else 2)
            ],
            require_link_local=False,
        )
        for number, name in enumerate(names)
    ]
    packets = list(handover(Configuration(virtual_routers=tuple(routers))))
    assert sum(len(packet.some) for packet in packets if isinstance(packet, Instances)) == len(routers)
    assert max(len(packet.some) for packet in packets if isinstance(packet, Instances)) <= 16
    assert max(len(encode(packet)) for packet in packets) < MAX_MESSAGE_BYTES
    assert max(len(packet.addresses) for packet in packets if isinstance(packet, Excluded)) <= 250


@given(st.text(max_size=100), st.integers(0, 500))
def test_a_report_of_any_length_fits_a_packet(text: str, times: int) -> None:
    report = bad(text * times)
    assert len(encode(report)) < MAX_MESSAGE_BYTES
    assert report == Bad(text * times) or report.report.endswith("\n  ...")
