"""One interface: its sockets, what arrives there, and what keeps the daemon from being woken for nothing."""
