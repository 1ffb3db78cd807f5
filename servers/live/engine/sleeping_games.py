"""Which games are asleep, so that the panel's own questions do not wake them."""

import time
from collections.abc import Callable

from servers.docker.container import Container
from servers.minecraft.autopause import is_asleep
from servers.minecraft.data_root import DataRoot
from servers.minecraft.instance import ServerNotFound

SEEN_S = 1.0  # a status is read by the hundred, and a game falls asleep once an hour


class SleepingGames:
    """Safe from any thread; each look blocks for some system calls."""

    def __init__(
        self, container: Callable[[str], Container | None], data_root: Callable[[str], DataRoot]
    ) -> None:
        """Take how a server's container and data are found in memory; both may raise ServerNotFound."""
        self._container = container
        self._data_root = data_root
        self._seen: dict[str, tuple[float, bool]] = {}

    def is_asleep(self, server_id: str) -> bool:
        """Look now; False for a server that is not there."""
        try:
            found = is_asleep(self._container(server_id), self._data_root(server_id))
        except ServerNotFound:
            self._seen.pop(server_id, None)
            return False
        self._seen[server_id] = (time.monotonic(), found)
        return found

    def was_asleep(self, server_id: str) -> bool:
        """Tell what was seen at most SEEN_S ago; look where nothing was."""
        at, found = self._seen.get(server_id, (0.0, False))
        return found if time.monotonic() - at < SEEN_S else self.is_asleep(server_id)
