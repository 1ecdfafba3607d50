"""Netlink with the kernel: the codec, the connection, and the requests (addresses, links, one sysctl).

Pure, but for `connection`. Whether an interface is fit for a virtual router is decided in `failover.linux.interfaces`.
"""
