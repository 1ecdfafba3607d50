"""The raw sockets: their options, receiving and sending many packets by one system call. Reads no VRRP message."""
