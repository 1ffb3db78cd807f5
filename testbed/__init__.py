"""A real engine, a stand-in Minecraft server and a real player, for the tests; see README.md."""
