"""The Docker engine and Compose by their command lines, cgroups and /proc; no Minecraft in it."""
