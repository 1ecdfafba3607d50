"""Rules of nftables, in tables of our own that the kernel removes with the process: encoded, and put in force."""
