"""What an accepted advertisement teaches about the peers: the MASTER to follow, the checksum form, oddities."""

from failover.vrrp.actions import Action, Oddity, ReportOddity
from failover.vrrp.advertisement import Advertisement
from failover.vrrp.events import AdvertisementReceived
from failover.vrrp.protocol import PRIORITY_OWNER, ChecksumForm, Version
from failover.vrrp.router import ChecksumPolicy, VirtualRouter
from failover.vrrp.states import Backup, Heard
from failover.vrrp.units import Instant


def heard(event: AdvertisementReceived, now: Instant) -> Heard:
    """The evidence that is kept of an advertisement."""
    return Heard(event.source, event.advertisement.priority, event.advertisement.version, now)


def following(router: VirtualRouter, event: AdvertisementReceived, now: Instant, checksum: ChecksumForm) -> Backup:
    """BACKUP of the router that was heard, its timer armed anew.

    Version 3 adopts the MASTER's interval (RFC 9568 §6.4.2), that of a version 2 MASTER too while migrating (§8.4.2);
    version 2 keeps its own (RFC 3768 §6.4.2).
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
    """With `auto`, IPv4 version 3 is sent in the form in which the peer sends (RFC 9568 §5.2.8)."""
    if router.checksum is ChecksumPolicy.AUTO and advertisement.version is Version.V3:
        return advertisement.checksum
    return current


def configured_checksum(router: VirtualRouter, previous: VirtualRouter, current: ChecksumForm) -> ChecksumForm:
    """What was learned outlives a change of configuration that leaves the policy as it was."""
    return current if router.checksum is previous.checksum else router.initial_checksum


def oddities(router: VirtualRouter, event: AdvertisementReceived) -> tuple[Action, ...]:
    """What RFC 9568 §7.1 and §8.3.2 tolerate but want known."""
    advertisement = event.advertisement
    found: list[Oddity] = []
    if advertisement.version is Version.V3 and advertisement.interval != router.advertisement_interval:
        found.append(Oddity.INTERVAL_MISMATCH)
    if not router.lists(advertisement.addresses):
        found.append(Oddity.ADDRESS_LIST_MISMATCH)
    if advertisement.priority == router.priority:
        owner = router.priority == PRIORITY_OWNER
        found.append(Oddity.SEVERAL_OWNERS if owner else Oddity.EQUAL_PRIORITY)
    return tuple(ReportOddity(oddity, advertisement, event.source) for oddity in found)
