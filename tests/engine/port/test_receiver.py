"""`failover.engine.port.receiver`: what it makes of a socket, beside what each packet means to a router."""

import gc
import weakref
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


def test_a_closed_receiver_is_freed_with_all_that_it_had() -> None:
    """Nobody collects garbage in the engine."""
    gc.collect()
    gc.disable()
    try:
        receiver = Receiver(cast(AdvertisementSocket, Socket(Family.IPV4)), {}, loop_of(SimulatedLoop()))
        parts = [weakref.ref(one) for one in (receiver, receiver._known_adverts, receiver._suppression)]
        receiver.close()
        del receiver
        assert [part() for part in parts] == [None] * 3
    finally:
        gc.enable()
