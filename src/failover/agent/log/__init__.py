"""Writes events to the log: lines in a file or on standard error, or entries in systemd's journal."""
