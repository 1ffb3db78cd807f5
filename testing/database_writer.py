"""A plugin that writes its SQLite database without pause: ``python database_writer.py FILE MODE``.

Each transaction changes rows all over the file and adds one to a count in two tables, so a copy of a moment between
two of them is sound, and both counts are the same.
"""

import os
import random
import sqlite3
import sys

ROWS = 3000
ROW_BYTES = 3000


def main(file: str, mode: str) -> None:
    """Write until somebody ends us; the first line of output says that the database is there."""
    connection = sqlite3.connect(file, isolation_level=None, timeout=30)
    connection.execute(f"PRAGMA journal_mode = {mode}")
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("PRAGMA cache_size = 50")
    connection.executescript(
        "CREATE TABLE block(id INTEGER PRIMARY KEY, what BLOB); CREATE INDEX by_what ON block(what);"
        "CREATE TABLE one(count INTEGER); INSERT INTO one VALUES (0);"
        "CREATE TABLE other(count INTEGER); INSERT INTO other VALUES (0);"
    )
    connection.execute("BEGIN")
    rows = ((os.urandom(ROW_BYTES),) for _ in range(ROWS))
    connection.executemany("INSERT INTO block(what) VALUES (?)", rows)
    connection.execute("COMMIT")
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while True:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("UPDATE one SET count = count + 1")
        for _ in range(30):
            changed = (os.urandom(ROW_BYTES), random.randrange(ROWS))  # noqa: S311 - no secret
            connection.execute("UPDATE block SET what = ? WHERE id = ?", changed)
        connection.execute("UPDATE other SET count = count + 1")
        connection.execute("COMMIT")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
