"""Databases with rows in every table, and a program that has one additional migration."""

import contextlib
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from fitgap.runner.store.admin.copy import copy_database
from fitgap.runner.store.admin.upgrade import upgrade_database
from fitgap.runner.store.database.connection import connect, database_url
from fitgap.runner.store.schema import version
from fitgap.runner.store.schema.tables import (
    class_count,
    confusion,
    driver,
    evidence,
    peer_reference,
    split_variant,
    state,
    sweep_tag,
    trial,
    trial_tag,
)
from fitgap.runner.store.schema.version import newest_version
from support.databases.new_databases import PostgresDatabases, SqliteFiles

LEGACY = Path(__file__).parents[1] / "legacy"
DYING = Path(__file__).parents[1] / "support" / "store" / "dying_upgrades.py"


class Upgraders:
    """Processes that upgrade databases with the migrations in a folder (see `dying_upgrades.py`)."""

    def __init__(self, folder):
        self.process = subprocess.Popen(
            [sys.executable, DYING, folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __call__(self, order, address):
        print(order, address, file=self.process.stdin, flush=True)
        return self.process.stdout.readline().split()

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(60)


@pytest.fixture(scope="session")
def filled_file(tmp_path_factory):
    """An SQLite file of the current schema with rows in every table."""
    path = tmp_path_factory.mktemp("filled") / "filled.db"
    shutil.copy(max(LEGACY.glob("*.db")), path)
    upgrade_database(str(path))
    engine = connect(database_url(str(path)), read_only=False)
    with engine.begin() as connection:
        row = {"machine": "m", "process": 1, "process_started": "1", "began": 1.0, "lease_until": 2.0}
        connection.execute(sa.insert(driver).values(**row, environment={"numpy": "2.4"}))
        connection.execute(sa.update(trial).values(driver_id=1))
        for table in (class_count, confusion, state, evidence, trial_tag, sweep_tag):
            connection.execute(sa.delete(table))
        connection.execute(sa.insert(state).values(trial_id=1, epoch=2, content=b"arrays"))
        connection.execute(sa.insert(evidence).values(trial_id=1, statistics={"dead": 0.5}, content=b"arrays"))
        connection.execute(sa.insert(confusion).values(trial_id=1, content=b"counts"))
        connection.execute(sa.insert(class_count).values(trial_id=1, last=[[3, 2]], best=[[3, 3]]))
        connection.execute(sa.insert(trial_tag).values(trial_id=1, tag="odd"))
        connection.execute(sa.insert(sweep_tag).values(sweep_id=1, tag="thesis"))
        variant = {"training_count": 7, "constant_columns": [], "preprocessing": {"input_fill": [0.5]}}
        connection.execute(sa.insert(split_variant).values(sweep_id=1, repeat=1, variant="label_noise=0.1", **variant))
        connection.execute(sa.insert(peer_reference).values(sweep_id=1, peers="label_noise=0.1", reference_id=1))
    engine.dispose()
    return path


@pytest.fixture(scope="session")
def filled_on_server(filled_file, postgres):
    """The name of a database on the server with the same rows."""
    databases = PostgresDatabases(postgres, "template1")
    address = databases.make()
    copy_database(str(filled_file), address)
    return address.rpartition("/")[2]


@pytest.fixture
def filled_databases(database_kind, request, tmp_path):
    """Makes filled databases of the tested kind."""
    if database_kind == "sqlite":
        made = SqliteFiles(tmp_path, request.getfixturevalue("filled_file"))
    else:
        made = PostgresDatabases(request.getfixturevalue("postgres"), request.getfixturevalue("filled_on_server"))
    with contextlib.closing(made):
        yield made


@pytest.fixture
def filled(filled_databases):
    """The address of a database with rows in every table."""
    return filled_databases.make()


@pytest.fixture
def newer_program(tmp_path_factory, monkeypatch):
    """`newer_program(source)`: add a migration to this program from now on; returns the folder of all migrations."""

    def become(source):
        folder = tmp_path_factory.mktemp("newer") / "migrations"
        shutil.copytree(version.FOLDER, folder, ignore=shutil.ignore_patterns("__pycache__"))
        (folder / "versions" / "9001_next.py").write_text(source.replace("NEWEST", newest_version()))
        monkeypatch.setattr(version, "FOLDER", folder)
        return folder

    return become


@pytest.fixture
def start_upgraders():
    """`start_upgraders(folder)`: processes that upgrade databases with the migrations in a folder."""
    with contextlib.ExitStack() as stack:
        yield lambda folder: stack.enter_context(contextlib.closing(Upgraders(folder)))
