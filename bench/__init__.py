"""Measurements, printed as ratios within one run; never a pass or a fail.

The one ``__init__`` of ours beside core/paths with code: what the benches share with the tests needs Django set up.
"""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "testing.settings")
django.setup()
