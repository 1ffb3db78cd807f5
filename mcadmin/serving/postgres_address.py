"""Connections of our own to PostgreSQL, beside Django's: a lock lives as long as the connection that holds it."""

from typing import Any

_DJANGOS_OWN = {"pool", "isolation_level", "server_side_binding", "assume_role"}  # of OPTIONS; libpq knows none

# The lock of a machine without power or cable is free after some 25 s, not after the two hours that are usual.
KEEP_ALIVE = "SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3"
_OURS = {
    "connect_timeout": 10, "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3,
    "tcp_user_timeout": 25_000,
}


def postgres_address(database: dict[str, Any]) -> dict[str, Any]:
    """Return the keywords of ``connect`` for Django's settings of a PostgreSQL database."""
    options = {key: value for key, value in database.get("OPTIONS", {}).items() if key not in _DJANGOS_OWN}
    address = {
        "dbname": database["NAME"], "user": database["USER"] or None, "password": database["PASSWORD"] or None,
        "host": database["HOST"] or None, "port": database["PORT"] or None,
    }
    return _OURS | {key: value for key, value in address.items() if value is not None} | options
