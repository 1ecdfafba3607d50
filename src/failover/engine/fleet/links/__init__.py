"""Interfaces with virtual MAC addresses, and what routers need of an interface on the LAN."""
