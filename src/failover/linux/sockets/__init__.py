"""The raw sockets: their options, what comes in, what goes out. Nothing here reads a VRRP message."""
