"""Socket edge of the servers app: one module a socket."""
