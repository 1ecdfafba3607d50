"""Trackers: what a virtual router follows beside its neighbours, and what it makes of that."""
