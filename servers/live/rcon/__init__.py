"""Kept RCON connections, commands over them, and who is online."""
