"""How many connections one process holds, and which one ends when there is no room for the next.

Whoever holds a connection without an account costs the panel a descriptor and nothing else is known of them. So
there is a limit of all and one of each address, and past it the oldest connection on which nobody has proven an
account makes room: one that waits for a request before one that carries it out. Newcomers with a real request are
done in milliseconds and get through whatever crowd only waits.

Who has proven an account is not sent away, up to OF_ONE_ACCOUNT connections of it: with more, one account could keep
everybody else out, behind a proxy even from one address. Those beyond are as anybody's.
"""

import functools
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any

AT_MOST = 4096
OF_ONE_ADDRESS = 256
OF_ONE_ACCOUNT = 512

_STATE_KEY = "mcadmin.connection"


class Connection:
    """One accepted connection: all the requests on it, and the WebSocket that it may become."""

    def __init__(self, address: str | None, *, end: Callable[[], None]) -> None:
        """``end`` closes it at once; ``address`` as ``Connections.admit`` takes it."""
        self.address = address
        self.end = end
        self.is_busy = False  # a request or a socket is under way
        self.is_known = False  # somebody has proven an account on it, and it has few enough others
        self.account: str | None = None  # whose it was counted as
        self.prove: Callable[[str], None] | None = None  # tells whose it is
        self.is_over = False
        self.on_left: Callable[[], None] | None = None  # of the request under way


class Connections:
    """The connections of one process. It belongs to one loop."""

    def __init__(
        self, *, at_most: int = AT_MOST, of_one_address: int = OF_ONE_ADDRESS, of_one_account: int = OF_ONE_ACCOUNT
    ) -> None:
        self.at_most = at_most
        self.of_one_address = min(of_one_address, max(1, at_most // 2))
        self.of_one_account = min(of_one_account, max(1, at_most // 2))
        self._of_account: Counter[str] = Counter()
        self._all: dict[Connection, None] = {}  # in the order of their arrival
        self._by_address: dict[str, dict[Connection, None]] = {}

    def __len__(self) -> int:
        return len(self._all)

    def admit(self, address: str | None, *, end: Callable[[], None]) -> Connection | None:
        """Count a new connection, and end another one if there is no room; None when the new one has to go.

        Args:
            address: whose it is, as ``address_group`` gives it; None for those that are not counted by address.
            end: closes the connection at once, and leads to ``release``.
        """
        if address is not None:
            same = self._by_address.get(address, {})
            if len(same) >= self.of_one_address and not self._make_room(same):
                return None
        if len(self._all) >= self.at_most and not self._make_room(self._all):
            return None
        connection = Connection(address, end=end)
        connection.prove = functools.partial(self._prove, connection)
        self._all[connection] = None
        if address is not None:
            self._by_address.setdefault(address, {})[connection] = None
        return connection

    def release(self, connection: Connection) -> None:
        """Forget a connection that has ended, and tell its request; a second call does nothing."""
        if connection not in self._all:
            return
        connection.is_over = True
        if connection.on_left is not None:
            connection.on_left()
        del self._all[connection]
        connection.prove = None
        if connection.account is not None:
            self._of_account[connection.account] -= 1
            if not self._of_account[connection.account]:
                del self._of_account[connection.account]
        if connection.address is not None:
            same = self._by_address[connection.address]
            del same[connection]
            if not same:
                del self._by_address[connection.address]

    def _prove(self, connection: Connection, account: str) -> None:
        if connection.account is None and self._of_account[account] < self.of_one_account:
            self._of_account[account] += 1
            connection.account, connection.is_known = account, True

    def _make_room(self, among: Iterable[Connection]) -> bool:
        victim = None
        for one in among:
            if not one.is_known and not one.is_busy:
                victim = one
                break
            if victim is None and not one.is_known:
                victim = one
        if victim is None:
            return False
        self.release(victim)
        victim.end()
        return True


def address_group(address: str) -> str:
    """Return what counts as one address: an IPv4 address, the /64 network of an IPv6 one, any other text as it is.

    One customer of a provider has at least a /64, so 2^64 addresses are one somebody.
    """
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(parsed) if parsed.is_loopback else str(ip_network((parsed, 64), strict=False))


def state_of(connection: Connection) -> dict[str, Any]:
    """Return what an ASGI scope's ``state`` holds, so that ``mark_known`` finds the connection."""
    return {_STATE_KEY: connection}


def mark_known(scope: Mapping[str, Any], *, account: str) -> None:
    """Note that the request or socket of ``scope`` was made by somebody with an account, and by which one."""
    connection = _of_scope(scope)
    if connection is not None and connection.prove is not None:
        connection.prove(account)


def call_when_left(scope: Mapping[str, Any], left: Callable[[], None]) -> None:
    """Call ``left`` when the client of the request of ``scope`` closes the connection, at once if it has.

    Until the next request on that connection; never under a server that counts no connections.
    """
    if (connection := _of_scope(scope)) is not None:
        connection.on_left = left
        if connection.is_over:
            left()


def _of_scope(scope: Mapping[str, Any]) -> Connection | None:
    return (scope.get("state") or {}).get(_STATE_KEY)
