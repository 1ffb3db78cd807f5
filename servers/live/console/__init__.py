"""Consoles: sources of lines, the ring that holds them, viewers that read it at their own pace."""
