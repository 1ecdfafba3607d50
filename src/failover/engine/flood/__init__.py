"""What keeps floods out of this process: what the kernel refuses by itself while one lasts, and what it passes."""
