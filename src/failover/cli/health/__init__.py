"""Whether all is well, judged from the status document."""
