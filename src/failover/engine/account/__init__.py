"""What is reported about a virtual router: its status, and the evidence of its events, counted and rate-limited."""
