"""The engine as a process of the host: its directory, claims, real time, service manager and children."""
