"""Measurements, printed as ratios within one run; never a pass or a fail."""
