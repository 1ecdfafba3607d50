"""What a child process gives up permanently: its user, files, signals and system calls."""
