"""Netlink with the kernel: the codec, the connection, and what is asked for by them (addresses, links, sysctls).

Pure but for `connection`. What an interface is worth to a virtual router is for `failover.linux.interfaces`.
"""
