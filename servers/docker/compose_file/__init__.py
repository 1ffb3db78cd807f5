"""A compose file: its text with bounds, its typed model, and what Docker Compose makes of it."""
