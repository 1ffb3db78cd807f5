"""Figures of servers and host, sampled in rounds and kept over time."""
