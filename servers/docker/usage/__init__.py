"""What a container uses, read from the kernel: control groups and network interfaces. Blocking."""
