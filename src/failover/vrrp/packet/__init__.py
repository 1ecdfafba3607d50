"""The advertisement as bytes: encode, decode, checksum, and whether one that was received is to be believed."""
