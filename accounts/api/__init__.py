"""HTTP edge of the accounts app."""
