"""Snapshots: made consistent, judged, pinned, deleted, retained."""
