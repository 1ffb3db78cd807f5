"""Minecraft servers in Docker Compose projects: the product's main room."""
