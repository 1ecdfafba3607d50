"""What the kernel lets this process do and have: capabilities, real time, descriptors, claims of virtual routers."""
