"""The benchmark suite: ours beside keepalived, alternately in one run, on a LAN of network namespaces.

A module of `scenarios` each for what is measured; what they share is here. Nothing of the product is, and nothing
of the product imports this.
"""
