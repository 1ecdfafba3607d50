"""The interfaces of a host and their addresses: listed and followed, and whether a virtual router can run on one."""
