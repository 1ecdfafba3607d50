"""Asks a LAN who has an address, and returns every answer, not only the first one as a host's kernel does."""

import socket
import struct
import time
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

from failover.lab.network.decode import Frame, claim
from failover.lab.network.lan import Host
from failover.vrrp.packet.checksum import ones_complement_sum

_ETH_P_ALL: Final = 3
_PACKET_HOST: Final = 0
_BROADCAST: Final = b"\xff" * 6
_NEXT_HEADER_ICMPV6: Final = 58


def who_has(host: Host, address: str, seconds: float = 0.1) -> frozenset[str]:
    """The MAC addresses that answer `host` for `address` within `seconds`.

    One ARP request or neighbour solicitation is sent. Two answers mean that two hosts have the address. The host needs
    an IPv4 address to ask for one (`LookupError`).
    """
    target = ip_address(address)
    mac = bytes.fromhex(host.mac.replace(":", ""))
    if isinstance(target, IPv4Address):
        question = _arp_request(mac, host.ipv4.ip, target)
    else:
        question = _neighbour_solicitation(mac, host.link_local, target)
    with host.enter():
        listener = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ETH_P_ALL))
    found: set[str] = set()
    with listener:
        listener.bind((host.interface, _ETH_P_ALL))
        listener.send(question)
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            listener.settimeout(left)
            try:
                data, source = listener.recvfrom(2048)
            except TimeoutError:
                break
            said = claim(Frame(0, host.label, data))
            if source[2] == _PACKET_HOST and said and said.is_reply and said.address == target:
                found.add(said.mac)
    return frozenset(found)


def _arp_request(mac: bytes, sender: IPv4Address, target: IPv4Address) -> bytes:
    body = struct.pack("!HHBBH6s4s6x4s", 1, 0x0800, 6, 4, 1, mac, sender.packed, target.packed)
    return _BROADCAST + mac + b"\x08\x06" + body


def _neighbour_solicitation(mac: bytes, sender: IPv6Address, target: IPv6Address) -> bytes:
    """A Neighbour Solicitation frame to the solicited-node group of `target` (RFC 4861 §4.3), with our MAC address."""
    group = IPv6Address("ff02::1:ff00:0").packed[:13] + target.packed[13:]
    message = struct.pack("!BBHI16sBB6s", 135, 0, 0, 0, target.packed, 1, 1, mac)
    pseudo = sender.packed + group + len(message).to_bytes(4) + bytes((0, 0, 0, _NEXT_HEADER_ICMPV6))
    total = ones_complement_sum(pseudo + message) ^ 0xFFFF
    header = struct.pack("!IHBB16s16s", 0x60000000, len(message), _NEXT_HEADER_ICMPV6, 255, sender.packed, group)
    ethernet = b"\x33\x33" + group[12:] + mac + b"\x86\xdd"
    return ethernet + header + message[:2] + total.to_bytes(2) + message[4:]
