"""The advertisement as bytes: encode, decode, checksum, and the checks of a received one."""
