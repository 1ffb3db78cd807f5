"""Snapshots of servers by restic, and their way back."""
