"""How an operation runs: under leases, with progress, for HTTP, the shell and schedules alike."""
