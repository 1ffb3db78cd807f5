"""Restores that never lose the present: located, staged, swapped, recovered after a death; drills."""
