"""What a child of ours gives up for good: its user, files, signals and system calls, by what Linux offers for it."""
