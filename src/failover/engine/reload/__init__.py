"""The configuration, read again: by a process of its own, handed over, and carried out without touching what stays."""
