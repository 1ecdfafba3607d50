"""The lab's network: namespaces, a LAN in them, a client on it, and what is captured from its cables."""
