"""Databases and folders for what is to be disturbed."""

import os

import pytest


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    """Every test stands in an empty folder of its own, with no database named by the environment."""
    monkeypatch.delenv("FITGAP_DB", raising=False)
    # Processes that are forked must have no threads, and NumPy's BLAS starts some.
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        monkeypatch.setenv(variable, os.environ.get(variable, "1"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


# TEMPORARY until the fixtures for both databases are on main
import itertools
from runner.store import open_store_for_writing


class SqliteFiles:
    def __init__(self, folder):
        self.folder = folder
        self.numbers = itertools.count(1)

    def make(self, *, empty=False):
        path = self.folder / f"store-{next(self.numbers)}.db"
        if not empty:
            open_store_for_writing(str(path)).close()
        return str(path)


@pytest.fixture
def databases(tmp_path):
    return SqliteFiles(tmp_path)


@pytest.fixture
def database(databases):
    return databases.make()
