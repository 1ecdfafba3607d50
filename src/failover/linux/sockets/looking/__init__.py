"""Packet sockets that are open for a moment, to see what no raw socket is given."""
