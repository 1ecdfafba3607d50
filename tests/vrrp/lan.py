"""A LAN in memory: perfect delivery, one clock, no bytes. Just enough to watch an election."""

from dataclasses import dataclass

from failover.vrrp import (
    Advertisement,
    AdvertisementReceived,
    Discard,
    Event,
    Instant,
    Master,
    ReceivedFrom,
    SendAdvertisement,
    Shutdown,
    Startup,
    State,
    VirtualRouter,
    Wakeup,
    advertisements,
    deadline,
    encode,
    initial_state,
    receive,
    step,
)
from failover.vrrp.scope import GROUPS
from tests.vrrp.making import NOW


@dataclass(slots=True)
class Host:
    """A router and its state; a dead one neither hears nor speaks."""

    router: VirtualRouter
    state: State
    alive: bool = False

    @property
    def is_master(self) -> bool:
        return self.alive and isinstance(self.state, Master)


@dataclass(slots=True)
class Lan:
    """Hosts that hear each other at once, through `encode` and `receive`."""

    hosts: list[Host]
    now: Instant = NOW

    @classmethod
    def of(cls, *routers: VirtualRouter) -> "Lan":
        return cls([Host(router, initial_state(router)) for router in routers])

    @property
    def masters(self) -> list[int]:
        return [number for number, host in enumerate(self.hosts) if host.is_master]

    def start(self, number: int) -> None:
        host = self.hosts[number]
        host.alive, host.state = True, initial_state(host.router)
        self.feed(number, Startup())

    def crash(self, number: int) -> None:
        self.hosts[number].alive = False

    def stop(self, number: int) -> None:
        self.feed(number, Shutdown())
        self.hosts[number].alive = False

    def run_until(self, end: Instant) -> None:
        """Wake every host exactly when it wants it."""
        while (due := self._next()) is not None and due[0] <= end:
            self.now = due[0]
            self.feed(due[1], Wakeup())
        self.now = end

    def feed(self, number: int, event: Event) -> None:
        host = self.hosts[number]
        found = step(host.router, host.state, event, self.now)
        host.state = found.state
        for action in found.actions:
            if isinstance(action, SendAdvertisement):
                for advertisement in advertisements(host.router, action):
                    self._deliver(number, advertisement)

    def _next(self) -> tuple[Instant, int] | None:
        due = [(deadline(host.state), number) for number, host in enumerate(self.hosts) if host.alive]
        return min(((at, number) for at, number in due if at is not None), default=None)

    def _deliver(self, sender: int, advertisement: Advertisement) -> None:
        source = self.hosts[sender].router.primary_address
        meta = ReceivedFrom(source, GROUPS[self.hosts[sender].router.family], 255)
        payload = encode(advertisement, source)
        for number, host in enumerate(self.hosts):
            if host.alive and number != sender:
                outcome = receive(payload, meta, host.router)
                if not isinstance(outcome, Discard):
                    self.feed(number, AdvertisementReceived(outcome, source))
