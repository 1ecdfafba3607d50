"""What shows that an advertisement comes from a router of ours: the password of version 2 (RFC 2338 §5.3.6)."""
