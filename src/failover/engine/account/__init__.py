"""What is told of a virtual router: its status, and the evidence of its events, counted and not told too often."""
