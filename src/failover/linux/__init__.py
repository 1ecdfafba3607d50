"""What the engine uses of Linux: raw sockets and their filters, timers, rtnetlink, process rights and scheduling.

No protocol decisions here: those are in `failover.vrrp`.
"""
