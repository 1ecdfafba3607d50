"""One interface: its sockets, what arrives there, and wake-up suppression."""
