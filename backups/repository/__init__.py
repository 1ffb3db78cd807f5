"""The repository as a whole: its snapshots kept in memory, its change marker, its place and its space."""
