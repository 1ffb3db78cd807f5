"""Minecraft in a compose file: rules, template, versions, Java, warnings, safe changes."""
