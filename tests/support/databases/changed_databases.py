"""Copies of the small sweep's database, intact or damaged, and what they contain."""

import contextlib
import sqlite3

from fitgap.runner.store import open_store, open_store_for_writing

WRITES = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=30)
connection.execute("PRAGMA journal_mode = WAL")
connection.execute("PRAGMA wal_autocheckpoint = 5")
number = 0
while True:
    number += 1
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("UPDATE sweep SET note = ?", (str(number) * 300,))
        connection.execute("UPDATE trial SET note = ?", (str(number) * 300,))
    print(number, flush=True)
"""


def rename(path, name):
    with open_store_for_writing(str(path)) as store:
        store.rename_sweep("1", name)


def names(path):
    with open_store(str(path)) as store:
        return [row["name"] for row in store.sweeps()]


def is_whole(path):
    with contextlib.closing(sqlite3.connect(path)) as connection:
        checks = connection.execute("PRAGMA integrity_check").fetchall()
        return checks == [("ok",)] and connection.execute("PRAGMA foreign_key_check").fetchall() == []


def change(path, *statements):
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


def scribble(path):
    content = bytearray(path.read_bytes())
    for start in range(4096 * 2, len(content), 4096):
        content[start : start + 200] = b"\xa5" * 200
    path.write_bytes(content)
