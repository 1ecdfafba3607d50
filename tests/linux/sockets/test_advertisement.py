"""`failover.linux.sockets.advertisement` on the two ends of a cable between two network namespaces."""

import errno
import os
import select
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

import pytest

from failover.frames import advertisement_datagram, announcement
from failover.lab.network.namespaces import Namespace
from failover.linux.filter import bpf
from failover.linux.filter.program import Terms
from failover.linux.packet import Received, lay_out
from failover.linux.sockets import advertisement
from failover.linux.sockets.advertisement import AdvertisementSocket
from failover.linux.sockets.announcement import AnnouncementSocket
from failover.linux.sockets.options import RECEIVE_BUFFER, Option, destination_of, grow, join_group
from failover.linux.sockets.outbox import Packets
from failover.vrrp import Address, ChecksumForm, Cutoff, Family, Version, encode
from failover.vrrp.scope import GROUPS
from tests.linux.sockets.sending import send_one
from tests.rfc.marks import positive
from tests.vrrp.making import a_router, an_advertisement

pytestmark = pytest.mark.root

VRID = 51
VRIDS = frozenset({VRID})
SOURCES: dict[Family, Address] = {
    Family.IPV4: IPv4Address("10.0.0.1"),
    Family.IPV6: IPv6Address("fe80::77"),
}
"""Nobody's addresses: a prepared datagram may come from any."""
TTL_POSITION = {Family.IPV4: 8, Family.IPV6: 7}
MESSAGE_POSITION = {Family.IPV4: 20, Family.IPV6: 40}
ETH_P_ALL = 3
families = pytest.mark.parametrize("family", list(Family))


def message(vrid: int = VRID, number: int = 0) -> bytes:
    return bytes((0x31, vrid, 100, 1, 0, 100, 0, number))


def datagram(family: Family, vrid: int = VRID, number: int = 0) -> bytes:
    return advertisement_datagram(SOURCES[family], message(vrid, number))


@dataclass(frozen=True)
class Cable:
    """Interface `left` in one namespace, `right` in the other; both down at first."""

    left: Namespace
    right: Namespace

    def ip(self, command: str) -> None:
        """One `ip` command on each side; `{}` is the interface."""
        self.left.ip(command.format("left"))
        self.right.ip(command.format("right"))

    def up(self) -> None:
        self.ip("link set {} up")


@pytest.fixture
def cable() -> Iterator[Cable]:
    with Namespace("left") as left, Namespace("right") as right:
        left.ip(f"link add left type veth peer name right netns {right.name}")
        yield Cable(left, right)


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def index_of(namespace: Namespace, interface: str) -> int:
    with namespace.enter():
        return socket.if_nametoindex(interface)


@contextmanager
def advertisement_socket(
    namespace: Namespace, interface: str, family: Family, vrids: frozenset[int] = VRIDS
) -> Iterator[AdvertisementSocket]:
    with namespace.enter():
        opened = AdvertisementSocket(interface, socket.if_nametoindex(interface), family, vrids)
    with closing(opened):
        yield opened


def both(
    cable: Cable, family: Family, stack: ExitStack, vrids: frozenset[int] = VRIDS
) -> tuple[AdvertisementSocket, AdvertisementSocket]:
    """The sender at the left, the receiver at the right."""
    return (
        stack.enter_context(advertisement_socket(cable.left, "left", family)),
        stack.enter_context(advertisement_socket(cable.right, "right", family, vrids)),
    )


def take(receiver: AdvertisementSocket, limit: int) -> list[Received]:
    """What waits, taken apart; the malformed are counted."""
    unpacked = (receiver.unpack(packet) for packet in receiver.receive(limit, []))
    return [packet for packet in unpacked if packet is not None]


def received(receiver: AdvertisementSocket, timeout: float = 2.0) -> list[Received]:
    """What is there, once something is."""
    select.select([receiver], [], [], timeout)
    return take(receiver, 1000)


def collect(receiver: AdvertisementSocket, count: int, limit: int = 1000) -> list[Received]:
    """`count` packets, taken at most `limit` at a time, and what follows them within a moment."""
    packets: list[Received] = []
    while select.select([receiver], [], [], 2.0 if len(packets) < count else 0.05)[0]:
        batch = take(receiver, limit)
        assert len(batch) <= limit
        packets += batch
    return packets


def assert_passes(sender: AdvertisementSocket, receiver: AdvertisementSocket, family: Family) -> None:
    """One advertisement gets through, within the time that a link needs after it came up."""
    take(receiver, 1000)
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            send_one(sender, datagram(family))
        except OSError as error:  # no carrier yet, or no IPv6 address
            if error.errno not in {errno.ENETUNREACH, errno.EADDRNOTAVAIL}:
                raise
        if received(receiver, 0.05):
            return
    pytest.fail("nothing arrived")


@families
@positive("R-008")
def test_a_packet_arrives_with_what_its_header_said(cable: Cable, stack: ExitStack, family: Family) -> None:
    sender, receiver = both(cable, family, stack)
    cable.up()
    assert_passes(sender, receiver, family)
    for hop_limit in (255, 254, 1):
        packet = bytearray(datagram(family))
        packet[TTL_POSITION[family]] = hop_limit
        send_one(sender, bytes(packet))
        (got,) = received(receiver)
        assert got.payload == message()
        assert got.meta.source == SOURCES[family]
        assert got.meta.destination == GROUPS[family]
        assert got.meta.hop_limit == hop_limit


@families
def test_a_packet_is_laid_out_as_we_would_without_a_kernel(cable: Cable, stack: ExitStack, family: Family) -> None:
    sender, receiver = both(cable, family, stack)
    cable.up()
    assert_passes(sender, receiver, family)
    send_one(sender, datagram(family))
    select.select([receiver], [], [], 2.0)
    assert receiver.receive(10, []) == [lay_out(family, datagram(family), receiver.index)]


@positive("R-001", "R-005", "R-009")
def test_a_prepared_ipv4_datagram_leaves_as_it_is(cable: Cable, stack: ExitStack) -> None:
    sender, receiver = both(cable, Family.IPV4, stack)
    cable.up()
    assert_passes(sender, receiver, Family.IPV4)
    with packet_socket(cable.right, "right") as tap:
        send_one(sender, datagram(Family.IPV4))
        frame = next_frame(tap, b"\x08\x00", starts=datagram(Family.IPV4)[:4])
    assert frame[:6] == bytes.fromhex("01005e000012")
    on_the_wire, prepared = frame[14:], datagram(Family.IPV4)
    # skipped: the identification, which the kernel chose, and the checksum that follows from it
    assert on_the_wire[6:10] == prepared[6:10]
    assert on_the_wire[12:] == prepared[12:]


@positive("R-002", "R-007", "R-009")
def test_a_prepared_ipv6_datagram_leaves_as_it_is(cable: Cable, stack: ExitStack) -> None:
    sender, receiver = both(cable, Family.IPV6, stack)
    cable.up()
    assert_passes(sender, receiver, Family.IPV6)
    with packet_socket(cable.right, "right") as tap:
        send_one(sender, datagram(Family.IPV6))
        frame = next_frame(tap, b"\x86\xdd", starts=datagram(Family.IPV6))
    assert frame[:6] == bytes.fromhex("333300000012")


def test_ipv4_needs_neither_address_nor_route_to_send_and_receive(cable: Cable, stack: ExitStack) -> None:
    sender, receiver = both(cable, Family.IPV4, stack)
    cable.up()
    assert_passes(sender, receiver, Family.IPV4)
    cable.ip("route add unreachable default")
    cable.ip("route add blackhole 224.0.0.0/4")
    assert_passes(sender, receiver, Family.IPV4)


def test_ipv6_needs_an_address_to_send_but_not_to_receive(cable: Cable, stack: ExitStack) -> None:
    sender, receiver = both(cable, Family.IPV6, stack)
    cable.up()
    cable.right.ip("address flush dev right")
    assert_passes(sender, receiver, Family.IPV6)
    cable.left.ip("address flush dev left")
    with pytest.raises(OSError, match="Cannot assign requested address"):
        send_one(sender, datagram(Family.IPV6))


@families
def test_it_opens_while_the_interface_is_down_and_says_so_when_sending(
    cable: Cable, stack: ExitStack, family: Family
) -> None:
    sender, receiver = both(cable, family, stack)
    with pytest.raises(OSError, match="Network is unreachable"):
        send_one(sender, datagram(family))
    assert take(receiver, 10) == []


@families
def test_it_survives_link_address_and_name_changes(cable: Cable, stack: ExitStack, family: Family) -> None:
    sender, receiver = both(cable, family, stack)
    cable.up()
    assert_passes(sender, receiver, family)
    cable.ip("link set {} down")
    cable.up()
    assert_passes(sender, receiver, family)
    cable.left.ip("address add 10.0.0.1/24 dev left")
    cable.right.ip("address add 10.0.0.2/24 dev right")
    assert_passes(sender, receiver, family)
    cable.left.ip("address delete 10.0.0.1/24 dev left")
    cable.right.ip("address delete 10.0.0.2/24 dev right")
    assert_passes(sender, receiver, family)
    cable.right.ip("link set right down", "link set right name other", "link set other up")
    assert_passes(sender, receiver, family)


def test_ipv6_survives_being_switched_off_and_on(cable: Cable, stack: ExitStack) -> None:
    sender, receiver = both(cable, Family.IPV6, stack)
    cable.up()
    for namespace, interface in ((cable.left, "left"), (cable.right, "right")):
        namespace.sysctl(f"ipv6/conf/{interface}/disable_ipv6", "1")
        namespace.sysctl(f"ipv6/conf/{interface}/disable_ipv6", "0")
    assert receiver.is_current
    assert_passes(sender, receiver, Family.IPV6)


def test_after_an_mtu_too_small_for_ipv6_it_is_outdated_and_another_one_hears(cable: Cable, stack: ExitStack) -> None:
    sender, receiver = both(cable, Family.IPV6, stack)
    cable.up()
    assert_passes(sender, receiver, Family.IPV6)
    assert receiver.is_current
    cable.right.ip("link set right mtu 1000")
    assert receiver.is_current is False
    with (
        cable.right.enter(),
        pytest.raises(OSError, match="ipv6 advertisement socket on right: joining ff02::12: Invalid argument"),
    ):
        AdvertisementSocket("right", receiver.index, Family.IPV6)
    cable.right.ip("link set right mtu 1500")
    assert receiver.is_current is False
    send_one(sender, datagram(Family.IPV6))
    assert received(receiver, 0.1) == []
    receiver.close()
    with cable.right.enter():
        another = stack.enter_context(closing(AdvertisementSocket("right", receiver.index, Family.IPV6, VRIDS)))
    assert another.is_current
    assert_passes(sender, another, Family.IPV6)


def test_one_that_was_outdated_while_it_was_opened_is_refused(
    cable: Cable, stack: ExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, receiver = both(cable, Family.IPV6, stack)

    def joined_too_early(group: Address, index: int) -> Option:
        receiver.close()
        cable.right.ip("link set right mtu 1000", "link set right mtu 1500")
        return join_group(group, index)

    monkeypatch.setattr(advertisement, "join_group", joined_too_early)
    with cable.right.enter(), pytest.raises(OSError, match="right was re-created at this moment") as refused:
        AdvertisementSocket("right", receiver.index, Family.IPV6)
    assert refused.value.errno == errno.ESTALE


@families
def test_a_new_interface_with_the_same_index_and_name_is_another_one(
    cable: Cable, stack: ExitStack, family: Family
) -> None:
    _, receiver = both(cable, family, stack)
    with cable.right.enter():
        announcer = stack.enter_context(closing(AnnouncementSocket("right", receiver.index)))
    cable.up()
    assert (receiver.is_current, announcer.is_current) == (True, True)
    remake(cable, receiver.index)
    assert (receiver.is_current, announcer.is_current) == (False, False)


def test_an_interface_that_is_renamed_has_the_same_announcement_socket(cable: Cable, stack: ExitStack) -> None:
    index = both(cable, Family.IPV4, stack)[1].index
    with cable.right.enter():
        announcer = stack.enter_context(closing(AnnouncementSocket("right", index)))
    cable.right.ip("link set right name other")
    assert announcer.is_current


def test_closing_an_outdated_one_leaves_a_later_membership_of_others_alone(cable: Cable, stack: ExitStack) -> None:
    """The kernel would take a member off the new interface for the membership of the old one. Over IPv6 it does."""
    sender, receiver = both(cable, Family.IPV4, stack)
    remake(cable, receiver.index)
    sender, another = both(cable, Family.IPV4, stack)
    cable.up()
    receiver.close()
    assert_passes(sender, another, Family.IPV4)


def remake(cable: Cable, index: int) -> None:
    cable.right.ip(
        "link delete right", f"link add right index {index} type veth peer name left netns {cable.left.name}"
    )


@families
def test_a_deleted_interface_is_an_error_and_its_successor_wants_a_new_socket(
    cable: Cable, stack: ExitStack, family: Family
) -> None:
    sender, receiver = both(cable, family, stack)
    cable.up()
    assert_passes(sender, receiver, family)
    cable.left.ip("link delete left")
    with pytest.raises(OSError, match=r"No such device|Network is unreachable"):
        send_one(sender, datagram(family))
    assert take(receiver, 10) == []
    cable.left.ip(f"link add left type veth peer name right netns {cable.right.name}")
    cable.up()
    assert_passes(*both(cable, family, stack), family)


@families
def test_the_kernel_passes_the_vrids_of_the_set_and_follows_its_changes(
    cable: Cable, stack: ExitStack, family: Family
) -> None:
    vrids = frozenset({1, 2, 31, 32, 63, 64, 100, 255})
    sender, receiver = both(cable, family, stack, vrids | VRIDS)
    cable.up()
    assert_passes(sender, receiver, family)
    for allowed in (vrids, frozenset(range(1, 256)), frozenset[int](), VRIDS):
        receiver.accept(Terms(allowed))
        take(receiver, 1000)
        for vrid in range(256):
            send_one(sender, datagram(family, vrid))
        assert [packet.payload[1] for packet in collect(receiver, len(allowed))] == sorted(allowed)


@families
def test_what_is_wrong_inside_a_message_is_left_to_the_daemon(cable: Cable, stack: ExitStack, family: Family) -> None:
    sender, receiver = both(cable, family, stack)
    cable.up()
    assert_passes(sender, receiver, family)
    wrong = (
        b"\x71" + message()[1:],  # version 7
        message()[:6] + b"\xba\xad",  # checksum
        message()[:2],  # length
        message() + bytes(100),
    )
    for payload in wrong:
        send_one(sender, advertisement_datagram(SOURCES[family], payload))
        (got,) = received(receiver)
        assert got.payload == payload


def sound(family: Family, form: ChecksumForm) -> bytes:
    """A whole advertisement, with the form of checksum over IPv4."""
    router = a_router(family, vrid=VRID)
    form = form if family is Family.IPV4 else ChecksumForm.PSEUDO_HEADER
    return encode(an_advertisement(router, checksum=form), SOURCES[family])


@families
def test_on_strict_terms_the_kernel_refuses_what_is_wrong_inside_and_afterwards_not(
    cable: Cable, stack: ExitStack, family: Family
) -> None:
    sender, receiver = both(cable, family, stack)
    cable.up()
    assert_passes(sender, receiver, family)
    right = [sound(family, form) for form in ChecksumForm]
    wrong_sum = right[0][:-1] + b"\xaa"
    wrong = [b"\x71" + right[0][1:], wrong_sum, right[0][:-1], right[0] + bytes(4), message()]
    for terms, expected in (
        (Terms(VRIDS, frozenset({Version.V3})), right),
        (Terms(VRIDS), [*wrong, *right]),
    ):
        receiver.accept(terms)
        take(receiver, 1000)
        for payload in (*wrong, *right):
            send_one(sender, advertisement_datagram(SOURCES[family], payload))
        assert [packet.payload for packet in collect(receiver, len(expected))] == expected


@families
def test_below_its_floor_the_kernel_refuses_a_vrid(cable: Cable, stack: ExitStack, family: Family) -> None:
    sender, receiver = both(cable, family, stack)
    cable.up()
    assert_passes(sender, receiver, family)
    for bound, least in ((None, 100), (SOURCES[family], 101), (SOURCES[family] - 1, 100)):
        receiver.accept(Terms(VRIDS, cutoffs={VRID: Cutoff(100, bound)}))
        take(receiver, 1000)
        for priority in range(256):
            payload = bytes((0x31, VRID, priority)) + message()[3:]
            send_one(sender, advertisement_datagram(SOURCES[family], payload))
        passed = [packet.payload[2] for packet in collect(receiver, 257 - least)]
        assert passed == [0, *range(least, 256)]


@families
@pytest.mark.parametrize("failing", [1, 2])
def test_where_the_kernel_refuses_a_filter_of_either_socket_all_is_as_it_was(
    cable: Cable, stack: ExitStack, family: Family, failing: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    sender, receiver = both(cable, family, stack)
    cable.up()
    assert_passes(sender, receiver, family)
    attached, attach = list[socket.socket](), bpf.attach

    def fails_once(sock: socket.socket, wanted: bpf.Program) -> None:
        attached.append(sock)
        if len(attached) == failing:
            raise OSError(errno.ENOMEM, "no memory")
        attach(sock, wanted)

    monkeypatch.setattr(bpf, "attach", fails_once)
    with pytest.raises(OSError, match="SO_ATTACH_FILTER"):
        receiver.accept(Terms(frozenset({VRID + 1})))
    assert len(attached) == failing * 2 - 1
    receiver.wakeup.acknowledge()
    send_one(sender, datagram(family, VRID + 1))
    assert_passes(sender, receiver, family)
    assert receiver.wakeup.acknowledge() == 1


def test_a_socket_on_strict_terms_still_sends_what_it_is_given(cable: Cable, stack: ExitStack) -> None:
    """The kernel's check of IPv6 checksums is of what is received: it fills in none of ours."""
    family = Family.IPV6
    sender, receiver = both(cable, family, stack)
    cable.up()
    assert_passes(sender, receiver, family)
    sender.accept(Terms(VRIDS, frozenset({Version.V3})))
    for payload in (sound(family, ChecksumForm.PSEUDO_HEADER), message()):
        send_one(sender, advertisement_datagram(SOURCES[family], payload))
        (got,) = received(receiver)
        assert got.payload == payload


@pytest.mark.parametrize("optmem_max", [20480])
@families
def test_strict_terms_fit_the_memory_that_older_kernels_give(
    cable: Cable, stack: ExitStack, family: Family, optmem_max: int
) -> None:
    """For the program in force and for the one that replaces it, both at once."""
    if not (Path("/proc/sys/net/core/optmem_max")).exists():
        pytest.skip("this kernel has no such limit")
    _, receiver = both(cable, family, stack)
    cable.right.sysctl("core/optmem_max", str(optmem_max))
    cutoffs = {vrid: Cutoff(100, SOURCES[family]) for vrid in range(1, 101)}
    for _ in range(2):
        receiver.accept(Terms(frozenset(range(1, 256)), frozenset({Version.V3}), cutoffs))
    receiver.accept(Terms(VRIDS))


@families
def test_unicast_to_us_does_not_pass(cable: Cable, stack: ExitStack, family: Family) -> None:
    sender, receiver = both(cable, family, stack)
    cable.up()
    assert_passes(sender, receiver, family)
    cable.left.ip("address add 10.0.0.1/24 dev left", "address add fd00::1/64 dev left")
    cable.right.ip("address add 10.0.0.2/24 dev right", "address add fd00::2/64 dev right")
    domain, address = (socket.AF_INET, "10.0.0.2") if family is Family.IPV4 else (socket.AF_INET6, "fd00::2")
    with cable.right.enter():
        everything = stack.enter_context(socket.socket(domain, socket.SOCK_RAW, 112))
    with cable.left.enter():
        stranger = stack.enter_context(socket.socket(domain, socket.SOCK_RAW, 112))
    everything.settimeout(5)
    stranger.sendto(message(), (address, 0))
    assert everything.recv(100).endswith(message())
    assert take(receiver, 10) == []


@families
def test_a_host_does_not_hear_itself(cable: Cable, stack: ExitStack, family: Family) -> None:
    sender, receiver = both(cable, family, stack)
    neighbour = stack.enter_context(advertisement_socket(cable.left, "left", family))
    cable.up()
    assert_passes(sender, receiver, family)
    assert take(sender, 10) == []
    assert take(neighbour, 10) == []


@families
def test_another_interface_is_not_heard(cable: Cable, stack: ExitStack, family: Family) -> None:
    cable.left.ip(f"link add left2 type veth peer name right2 netns {cable.right.name}")
    sender, receiver = both(cable, family, stack)
    other = stack.enter_context(advertisement_socket(cable.right, "right2", family))
    cable.up()
    cable.left.ip("link set left2 up")
    cable.right.ip("link set right2 up")
    assert_passes(sender, receiver, family)
    assert take(other, 10) == []


@families
def test_one_packet_alone_goes_where_several_go(cable: Cable, stack: ExitStack, family: Family) -> None:
    """By another system call, with the destination in another form."""
    sender, receiver = both(cable, family, stack)
    cable.up()
    assert_passes(sender, receiver, family)
    destination = destination_of(GROUPS[family], sender.index)
    assert sender.send(Packets([datagram(family, number=1)], [destination])) == {}
    assert sender.send(Packets([datagram(family, number=2), datagram(family, number=3)], [destination])) == {}
    packets = collect(receiver, 3)
    assert [packet.payload[7] for packet in packets] == [1, 2, 3]
    assert len({packet.meta for packet in packets}) == 1


@families
def test_a_rehearsal_sends_nothing_and_never_fails(cable: Cable, stack: ExitStack, family: Family) -> None:
    sender, receiver = both(cable, family, stack)
    cable.up()
    assert_passes(sender, receiver, family)
    destination = destination_of(GROUPS[family], sender.index)
    bursts = [Packets([datagram(family)] * count, [destination]) for count in (1, 2)]
    for burst in bursts:
        sender.prewarm(burst)
    send_one(sender, datagram(family, number=4))
    assert [packet.payload[7] for packet in collect(receiver, 1)] == [4]
    cable.ip("link set {} down")
    for burst in bursts:
        sender.prewarm(burst)


@families
def test_receive_stops_at_its_limit_and_keeps_the_order(cable: Cable, stack: ExitStack, family: Family) -> None:
    sender, receiver = both(cable, family, stack)
    cable.up()
    assert_passes(sender, receiver, family)
    for number in range(20):
        send_one(sender, datagram(family, number=number))
    packets = collect(receiver, 20, limit=8)
    assert [packet.payload[7] for packet in packets] == list(range(20))


def test_a_packet_longer_than_the_buffer_is_counted_not_raised(cable: Cable, stack: ExitStack) -> None:
    sender, receiver = both(cable, Family.IPV4, stack)
    cable.ip("link set {} mtu 9000")
    cable.up()
    assert_passes(sender, receiver, Family.IPV4)
    send_one(sender, advertisement_datagram(SOURCES[Family.IPV4], message() + bytes(8500)))
    send_one(sender, datagram(Family.IPV4))
    assert [packet.payload for packet in collect(receiver, 1)] == [message()]
    assert receiver.malformed == 1


@families
def test_a_datagram_beyond_the_mtu_is_refused(cable: Cable, stack: ExitStack, family: Family) -> None:
    sender, receiver = both(cable, family, stack)
    cable.up()
    assert_passes(sender, receiver, family)
    with pytest.raises(OSError, match="Message too long"):
        send_one(sender, advertisement_datagram(SOURCES[family], message() + bytes(1500)))


@families
def test_it_does_not_block_goes_first_and_is_not_inherited(cable: Cable, stack: ExitStack, family: Family) -> None:
    opened, _ = both(cable, family, stack)
    assert not os.get_blocking(opened.fileno())
    assert not os.get_inheritable(opened.fileno())
    assert opened._socket.getsockopt(socket.SOL_SOCKET, socket.SO_PRIORITY) == 7
    assert opened._socket.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) >= 1 << 20


@contextmanager
def without_capabilities() -> Iterator[None]:
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@families
def test_without_permission_the_error_says_what_was_refused(cable: Cable, family: Family) -> None:
    index = index_of(cable.left, "left")
    with cable.left.enter(), without_capabilities():
        expected = f"{family.label} advertisement socket on left: opening it: Operation not permitted"
        with pytest.raises(PermissionError, match=expected):
            AdvertisementSocket("left", index, family)
        with pytest.raises(PermissionError, match="announcement socket on left: opening it"):
            AnnouncementSocket("left", index)


@families
def test_an_index_that_nobody_has_is_named_and_leaves_no_descriptor(cable: Cable, family: Family) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    with cable.left.enter():
        with pytest.raises(OSError, match="advertisement socket on left: interface index 4000") as caught:
            AdvertisementSocket("left", 4000, family)
        assert caught.value.errno == errno.ENXIO
        with pytest.raises(OSError, match="announcement socket on left: interface index 4000") as caught:
            AnnouncementSocket("left", 4000)
        assert caught.value.errno == errno.ENXIO
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_buffer_grows_to_the_limit_of_the_host_where_no_more_is_permitted() -> None:
    limit = int(Path("/proc/sys/net/core/rmem_max").read_text())
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as sock:
        with without_capabilities():
            grow(sock, RECEIVE_BUFFER, 8 * limit)
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) == 2 * limit
        grow(sock, RECEIVE_BUFFER, 8 * limit)
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) == 16 * limit


@contextmanager
def packet_socket(namespace: Namespace, interface: str) -> Iterator[socket.socket]:
    with namespace.enter():
        tap = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        tap.bind((interface, ETH_P_ALL))
    with closing(tap):
        tap.settimeout(5)
        yield tap


def next_frame(tap: socket.socket, ether_type: bytes, starts: bytes = b"") -> bytes:
    """The next frame that came in (the kernel's own neighbour discovery may be among them)."""
    while True:
        frame, address = tap.recvfrom(2000)
        if address[2] != socket.PACKET_OUTGOING and frame[12:14] == ether_type and frame[14:].startswith(starts):
            return frame


MAC = bytes.fromhex("00005e000133")
FRAMES = [
    announcement(MAC, IPv4Address("10.0.0.9")),
    announcement(MAC, IPv4Address("10.0.0.10")),
]
ANNOUNCEMENTS = Packets(FRAMES)


@contextmanager
def announcement_socket(namespace: Namespace, interface: str) -> Iterator[AnnouncementSocket]:
    with namespace.enter():
        opened = AnnouncementSocket(interface, socket.if_nametoindex(interface))
    with closing(opened):
        yield opened


def test_announcements_arrive_as_they_are_in_their_order(cable: Cable) -> None:
    cable.up()
    with announcement_socket(cable.left, "left") as sender, packet_socket(cable.right, "right") as tap:
        assert sender.send(ANNOUNCEMENTS) == 2
        assert [next_frame(tap, b"\x08\x06") for _ in FRAMES] == FRAMES


@pytest.mark.parametrize("address", [IPv4Address("10.0.0.9"), IPv6Address("fd00::9")])
@positive("R-039", "R-040", "R-051")
def test_an_announcement_is_believed_by_a_kernel(cable: Cable, address: Address) -> None:
    cable.right.ip("address add 10.0.0.2/24 dev right", "address add fd00::2/64 dev right")
    cable.up()
    cable.right.ip(f"neighbour replace {address} lladdr 02:00:00:00:00:01 dev right nud stale")
    deadline = time.monotonic() + 5
    with announcement_socket(cable.left, "left") as sender:
        while time.monotonic() < deadline:  # IPv6 hears nothing for up to a second after the link came up
            sender.send(Packets([announcement(MAC, address)]))
            entry = cable.right.run(["ip", "neighbour", "show", str(address)]).stdout
            if "00:00:5e:00:01:33" in entry:
                return
            time.sleep(0.05)
    pytest.fail("the neighbour table still has the old entry")


def test_announcing_survives_the_link_going_down_and_up(cable: Cable) -> None:
    with announcement_socket(cable.left, "left") as sender:
        with pytest.raises(OSError, match="Network is down"):
            sender.send(ANNOUNCEMENTS)
        cable.up()
        assert sender.send(ANNOUNCEMENTS) == 2
        cable.left.ip("link set left down", "link set left up")
        with packet_socket(cable.right, "right") as tap:
            assert sender.send(ANNOUNCEMENTS) == 2
            assert [next_frame(tap, b"\x08\x06") for _ in FRAMES] == FRAMES
        cable.left.ip("link set left down", "link set left name other", "link set other up")
        assert sender.send(ANNOUNCEMENTS) == 2
        cable.left.ip("link delete other")
        with pytest.raises(OSError, match="No such device or address"):
            sender.send(ANNOUNCEMENTS)


def test_an_announcement_socket_receives_nothing(cable: Cable) -> None:
    with announcement_socket(cable.right, "right") as deaf, announcement_socket(cable.left, "left") as sender:
        cable.up()
        with packet_socket(cable.right, "right") as tap:
            sender.send(ANNOUNCEMENTS)
            next_frame(tap, b"\x08\x06")
        with pytest.raises(BlockingIOError):
            deaf._socket.recv(100)


def test_a_full_queue_is_told_by_the_count(cable: Cable) -> None:
    cable.up()
    cable.left.run(["tc", "qdisc", "replace", "dev", "left", "root", "pfifo", "limit", "0"])
    with announcement_socket(cable.left, "left") as sender:
        assert sender.send(ANNOUNCEMENTS) == 0


@families
def test_a_firewall_that_refuses_an_advertisement_is_a_permission_error(
    cable: Cable, stack: ExitStack, family: Family
) -> None:
    sender, receiver = both(cable, family, stack)
    cable.up()
    assert_passes(sender, receiver, family)
    rules = "table inet t { chain out { type filter hook output priority 0; meta l4proto 112 drop; }; }"
    cable.left.run(["nft", "-f", "-"], stdin=rules)
    with pytest.raises(PermissionError):
        send_one(sender, datagram(family))
