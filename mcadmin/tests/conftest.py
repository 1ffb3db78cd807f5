"""What the tables over the whole project need of its parts."""

from accounts.tests.conftest import quick_hashes
from servers.tests.conftest import fake, server, server_path

__all__ = ["fake", "quick_hashes", "server", "server_path"]
