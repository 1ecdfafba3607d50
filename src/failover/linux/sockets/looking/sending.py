"""Whether this host lets VRRP out, found out by a packet that reaches nobody.

It is sent to the VRRP group with a TTL or hop limit of 0. Such a packet goes by the route and through the output chains
of the firewall like any other, and then the kernel drops it: it must not leave the host (ip(7), RFC 8200 §3). That
holds for a group that the interface has joined. Its type and its VRID are 0, which no virtual router has.
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
    group_destination,
    open_raw,
)
from failover.vrrp.protocol import Address, Family

_MESSAGE: Final = bytes((0x30, 0, 0, 0, 0, 0, 0, 0))
_HOPS_AT: Final = {Family.IPV4: ipv4.TTL_AT, Family.IPV6: ipv6.HOP_LIMIT_AT}
_NO_ROOM: Final = frozenset({errno.EAGAIN, errno.ENOBUFS, errno.ENOMEM})


def try_to_send(interface: str, index: int, family: Family, source: Address) -> OSError | None:
    """Why an interface sends no VRRP from `source`; None where it does.

    `OSError` where it could not be tried.
    """
    owner = f"sending test on {interface}"
    datagram = bytearray(advertisement_datagram(source, _MESSAGE))
    datagram[_HOPS_AT[family]] = 0
    with closing(open_raw(owner, DOMAINS[family], socket.IPPROTO_RAW)) as opened:
        for option in advertisement_options(family, index):
            configure(opened, owner, option)
        if family is Family.IPV6:
            # Only what is looped back is not sent for its hop limit. Our sockets refuse its VRID.
            loop = Option("IPV6_MULTICAST_LOOP", socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_LOOP, 1)
            configure(opened, owner, loop)
        try:
            opened.sendto(bytes(datagram), group_destination(family, index).address)
        except OSError as error:
            if error.errno in _NO_ROOM:
                raise
            return error
    return None
