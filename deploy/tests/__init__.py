"""Each file of ``deploy/`` on a real instance: ``make test-deploy``."""
