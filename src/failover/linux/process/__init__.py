"""What the kernel lets this process do: capabilities, real-time scheduling, descriptors, claims of virtual routers."""
