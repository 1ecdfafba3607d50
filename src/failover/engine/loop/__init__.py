"""Rounds: what has arrived, what is due, and when to wake up for it. Nothing here knows VRRP."""
