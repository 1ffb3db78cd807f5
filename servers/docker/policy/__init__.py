"""The safety policy: what a compose file may not ask of the machine, before and after rendering."""
