"""Snapshots and schedules over HTTP."""
