"""Keeps floods out of this process: what the kernel drops during a flood, and what it passes."""
