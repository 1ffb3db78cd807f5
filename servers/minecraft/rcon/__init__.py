"""RCON, the remote console of the game: packets and connections."""
