"""What the tables over the whole project need of its parts."""

from servers.tests.conftest import fake, server, server_path

__all__ = ["fake", "server", "server_path"]
