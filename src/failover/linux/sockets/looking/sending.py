"""Whether this host lets VRRP out, found out by a packet that reaches nobody.

It is sent to the group of a router with a TTL or hop limit of 0. Such a packet goes by the route and through the output
chains of the firewall like any other, and then the kernel drops it: it must not leave the host (ip(7), RFC 8200 §3).
That holds for a group that the interface has joined. Its type and its VRID are 0, which no virtual router has.
"""

import errno
import socket
from contextlib import closing
from typing import Final

from failover.frames import advertisement_datagram, ipv4, ipv6
from failover.linux.sockets.options import (
    DOMAINS,
    Option,
    advertisement_options,
    configure,
    destination_of,
    open_raw,
)
from failover.vrrp.protocol import Address, Family, family_of

_MESSAGE: Final = bytes((0x30, 0, 0, 0, 0, 0, 0, 0))
_HOPS_AT: Final = {Family.IPV4: ipv4.TTL_AT, Family.IPV6: ipv6.HOP_LIMIT_AT}
_NO_ROOM: Final = frozenset({errno.EAGAIN, errno.ENOBUFS, errno.ENOMEM})


def try_to_send(interface: str, index: int, source: Address, group: Address) -> OSError | None:
    """Why an interface sends no VRRP from `source` to a group that it has joined; None where it does.

    `OSError` where it could not be tried.
    """
    owner, family = f"sending test on {interface}", family_of(source)
    datagram = bytearray(advertisement_datagram(source, _MESSAGE, group))
    datagram[_HOPS_AT[family]] = 0
    with closing(open_raw(owner, DOMAINS[family], socket.IPPROTO_RAW)) as opened:
        for option in advertisement_options(family, index):
            configure(opened, owner, option)
        if family is Family.IPV6:
            # Only what is looped back is not sent for its hop limit. Our sockets refuse its VRID.
            loop = Option("IPV6_MULTICAST_LOOP", socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_LOOP, 1)
            configure(opened, owner, loop)
        try:
            opened.sendto(bytes(datagram), destination_of(group, index).address)
        except OSError as error:
            if error.errno in _NO_ROOM:
                raise
            return error
    return None
