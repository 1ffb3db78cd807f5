"""The database of the servers app, and nothing else: operations, leases, revisions, uploads, monitoring."""
