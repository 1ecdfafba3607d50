"""A LAN of routers and clients on one machine, for the demonstration, tests and measurements. Needs root.

Everything is made in network namespaces of the lab's own, and removed at the end. The machine's own network is never
touched.
"""
