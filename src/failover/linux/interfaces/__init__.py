"""The interfaces of a host and their addresses, and whether a virtual router can run on one."""
