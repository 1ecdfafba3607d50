"""Events written down: as lines of a log file or of standard error, or as entries of systemd's journal."""
