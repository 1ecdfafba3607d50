"""What Linux does for the engine: raw sockets and their filter, timers, rtnetlink. No protocol decisions."""
