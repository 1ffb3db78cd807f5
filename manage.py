#!/usr/bin/env python
"""MC Admin's commands: ``python manage.py help``."""

import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mcadmin.settings")
    from web.cli import main

    sys.exit(main(sys.argv))
