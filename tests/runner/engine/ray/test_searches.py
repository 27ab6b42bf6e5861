"""Searches that learn give the same results on Ray as in one process, with any number of workers."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from fitgap.runner.search.generations import METHODS

pytestmark = [pytest.mark.xdist_group("searches on Ray"), pytest.mark.nightly]

COMMAND = Path(sys.executable).parent / "fitgap"
FLAGS = ("--data", "digits", "--epochs", "4", "--hidden", "depth=1..2,width=4..32", "--optimizer", "adam:rate=1e-4..1")
FOUND = """
SELECT hash, proposal, trial.id, trial.status, epoch.epoch, epoch.e_t, epoch.e_v FROM epoch
JOIN trial ON trial.id = trial_id JOIN configuration ON configuration.id = configuration_id ORDER BY 3, 5
"""


def searched(folder, method, *engine):
    """Every proposal and epoch of a search, with full precision."""
    name = "-".join((method, *engine)).replace("--", "")
    flags = (*FLAGS, "--search", f"{method}:trials=50,generation=12,lag=1", "--db", f"{name}.db")
    subprocess.run([COMMAND, "run", *flags, *engine], cwd=folder, check=True, capture_output=True, timeout=500)
    with closing(sqlite3.connect(folder / f"{name}.db")) as connection:
        return connection.execute(FOUND).fetchall()


@pytest.mark.parametrize("method", METHODS)
def test_a_search_is_the_same_with_every_engine_and_number_of_workers(method, tmp_path):
    expected = searched(tmp_path, method, "--engine", "local")
    assert len({row[0] for row in expected}) == 50
    for engine, workers in (("ray", "2"), ("ray", "8"), ("auto", "1"), ("auto", "8")):
        assert searched(tmp_path, method, "--engine", engine, "--workers", workers) == expected, (engine, workers)
