"""restic by its command line; no Django."""
