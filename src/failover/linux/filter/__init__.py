"""The kernel's packet filters (classic BPF): assembled here, attached by `failover.linux.sockets`. Pure."""
