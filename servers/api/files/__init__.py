"""The HTTP edge of a server's files."""
