"""A LAN of routers and clients on one machine, for the demonstration, tests and measurements.

Everything is made inside network namespaces of the lab's own and removed again.
The machine's own network is never touched.
"""
