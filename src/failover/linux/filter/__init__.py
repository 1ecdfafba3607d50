"""Assembles the packet filters (classic BPF) that the kernel runs on our sockets. Pure, but for `bpf.attach`."""
