"""What the engine's containers are doing, kept in memory and fed by its events."""
