"""A Minecraft server on top of Docker: compose rules, instance, RCON, players, console lines. No Django."""
