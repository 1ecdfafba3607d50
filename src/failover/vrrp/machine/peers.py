"""What is learned from an accepted advertisement: the MASTER to follow, the checksum form, oddities to report."""

from ipaddress import IPv6Address

from failover.vrrp.machine.actions import Action, Oddity, ReportOddity
from failover.vrrp.machine.events import AdvertisementReceived
from failover.vrrp.machine.states import Backup, Heard
from failover.vrrp.packet.advertisement import Advertisement
from failover.vrrp.packet.source import is_on_link
from failover.vrrp.protocol import PRIORITY_OWNER, ChecksumForm, Version
from failover.vrrp.router import ChecksumPolicy, VirtualRouter
from failover.vrrp.units import Instant


def heard(event: AdvertisementReceived, now: Instant) -> Heard:
    """What a state remembers of an advertisement."""
    advertisement = event.advertisement
    return Heard(event.source, advertisement.priority, advertisement.version, now, advertisement.checksum)


def following(router: VirtualRouter, event: AdvertisementReceived, now: Instant, checksum: ChecksumForm) -> Backup:
    """The BACKUP state that follows the sender of an advertisement, with Master_Down_Timer set anew.

    A version 3 router adopts the MASTER's interval (RFC 9568 §6.4.2), while migrating that of a version 2 MASTER too
    (§8.4.2). A version 2 router keeps its own (RFC 3768 §6.4.2).
    """
    learns = router.version is Version.V3
    interval = event.advertisement.interval if learns else router.advertisement_interval
    return Backup(
        checksum=checksum,
        armed_at=now,
        master_down_at=Instant(now + router.master_down_interval(interval)),
        master_advertisement_interval=interval,
        master=heard(event, now),
    )


def learned_checksum(router: VirtualRouter, current: ChecksumForm, advertisement: Advertisement) -> ChecksumForm:
    """The checksum form to send from now on: with `auto`, the one that the peer uses (RFC 9568 §5.2.8)."""
    if router.checksum is ChecksumPolicy.AUTO and advertisement.version is Version.V3:
        return advertisement.checksum
    return current


def configured_checksum(router: VirtualRouter, previous: VirtualRouter, current: ChecksumForm) -> ChecksumForm:
    """The checksum form to send after a change of configuration. Where the policy stays, so does what was learned."""
    return current if router.checksum is previous.checksum else router.initial_checksum


def oddities(router: VirtualRouter, event: AdvertisementReceived) -> tuple[Action, ...]:
    """A report for each difference that RFC 9568 §7.1 and §8.3.2 tolerate but want to be logged, and an odd source."""
    advertisement = event.advertisement
    found: list[Oddity] = []
    if advertisement.version is Version.V3 and advertisement.interval != router.advertisement_interval:
        found.append(Oddity.INTERVAL_MISMATCH)
    if not router.lists(advertisement.addresses):
        found.append(Oddity.ADDRESS_LIST_MISMATCH)
    if advertisement.priority == router.priority:
        owner = router.priority == PRIORITY_OWNER
        found.append(Oddity.SEVERAL_OWNERS if owner else Oddity.EQUAL_PRIORITY)
    if router.scope.is_unicast:
        pass  # a peer is configured, wherever it is
    elif isinstance(event.source, IPv6Address):
        if not event.source.is_link_local:
            found.append(Oddity.SOURCE_NOT_LINK_LOCAL)
    elif router.on_link and not is_on_link(event.source, router):
        found.append(Oddity.SOURCE_OFF_SUBNET)
    return tuple(ReportOddity(oddity, advertisement, event.source) for oddity in found)
