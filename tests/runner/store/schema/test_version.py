"""Schema versions: older and newer databases, and a new one that several processes use at once."""

import subprocess
import sys

import pytest
import sqlalchemy as sa
from fitgap.runner.errors import StoreError
from fitgap.runner.store import open_store, open_store_for_writing
from fitgap.runner.store.database.connection import connect, database_url
from fitgap.runner.store.schema.version import APPLICATION_ID, VERSION_TABLE, newest_version
from support.sampling import at_night, on_sqlite_per_commit

# Opens every database whose address it reads, at once, because all modules are loaded before.
USE_THEM = """
import sys
from alembic import command
from fitgap.runner.store import open_store_for_writing
print("ready", flush=True)
for line in sys.stdin:
    with open_store_for_writing(line.strip()) as store:
        print(len(store.sweeps()), flush=True)
"""


def in_database(address, *statements):
    """Run statements; returns the rows of the last one."""
    engine = connect(database_url(address), read_only=False)
    with engine.begin() as connection:
        for statement in statements[:-1]:
            connection.execute(sa.text(statement))
        result = connection.execute(sa.text(statements[-1]))
        rows = result.all() if result.returns_rows else []
    engine.dispose()
    return rows


def tables_of(address):
    engine = connect(database_url(address), read_only=True)
    inspector = sa.inspect(engine)
    tables = {name: [column["name"] for column in inspector.get_columns(name)] for name in inspector.get_table_names()}
    engine.dispose()
    return tables


def test_opening_again_changes_nothing(store, database, make_plan):
    store.add_sweep(make_plan())
    before = tables_of(database)
    with open_store_for_writing(database) as again:
        assert [row["name"] for row in again.sweeps()] == ["plan"]
    assert tables_of(database) == before


def test_an_older_schema_is_refused_for_asking(database):
    in_database(database, f"UPDATE {VERSION_TABLE} SET version_num = '0000'")
    with pytest.raises(StoreError, match=r"schema 0000, older than this program's .*; run `fitgap db upgrade`"):
        open_store(database)


def test_a_newer_schema_is_refused_and_unchanged(database):
    in_database(database, f"UPDATE {VERSION_TABLE} SET version_num = '9999'")
    before = tables_of(database)
    for open_it in (open_store, open_store_for_writing):
        with pytest.raises(StoreError, match=r"schema 9999, newer than this program's .*; update fitgap"):
            open_it(database)
    assert tables_of(database) == before


def test_a_database_without_tables_is_refused_for_asking_and_filled_for_writing(empty_database):
    open_store_for_writing(empty_database).close()
    assert in_database(empty_database, f"SELECT version_num FROM {VERSION_TABLE}") == [(newest_version(),)]
    with open_store(empty_database) as store:
        assert store.sweeps() == []


def test_a_file_says_in_its_head_whose_it_is(tmp_path):
    open_store_for_writing(str(tmp_path / "ours.db")).close()
    assert (tmp_path / "ours.db").read_bytes()[68:72] == APPLICATION_ID.to_bytes(4, "big") == b"fitg"


@on_sqlite_per_commit
@pytest.mark.parametrize("rounds", [2, at_night(6)])
def test_several_processes_that_use_a_new_database_at_once_all_find_it_good(rounds, databases):
    """The first process creates the tables; the others wait, then continue. Each round has a new database."""
    users = [start_user() for _ in range(4)]
    assert [user.stdout.readline() for user in users] == ["ready\n"] * 4
    good = tables_of(databases.make())
    for _ in range(rounds):
        address = databases.make(empty=True)
        for user in users:
            print(address, file=user.stdin, flush=True)
        assert [user.stdout.readline() for user in users] == ["0\n"] * 4
        assert tables_of(address) == good
    assert [user.communicate(timeout=60)[1] for user in users] == [""] * 4


def start_user():
    return subprocess.Popen(
        [sys.executable, "-c", USE_THEM],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
