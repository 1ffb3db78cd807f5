"""Schedules: due times, the rules for them, and runs that are made exactly once."""
