"""`failover.engine.port.receiver`: what it makes of a socket, beside what each packet means to a router."""

from typing import cast
from unittest.mock import patch

from failover.engine.environment import AdvertisementSocket
from failover.engine.port.receiver import CROWD, Receiver
from failover.vrrp import Family
from tests.engine.port.test_port import Socket
from tests.engine.simulated import SimulatedLoop, loop_of
from tests.vrrp.making import NOW


def test_only_a_socket_that_overflowed_has_missed_something() -> None:
    waiting = Socket(Family.IPV4)
    receiver = Receiver(cast(AdvertisementSocket, waiting), {}, loop_of(SimulatedLoop()))
    with patch.object(receiver._known_adverts, "presume") as missed:
        for count, is_overflowing in ((CROWD, False), (1, True), (CROWD, True)):
            waiting.packets, waiting.is_overflowing = [bytes(40)] * count, is_overflowing
            receiver.read()
            assert missed.call_count == (count > 1 and is_overflowing)
    missed.assert_called_once_with(NOW)
