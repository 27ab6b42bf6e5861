"""Data in memory on Ray: workers and a later program get the table from the database."""

import sqlite3
import subprocess
import sys
from contextlib import closing

import numpy as np
import polars as pl
import pytest
from fitgap import resume_sweep, run_sweep
from support.sampling import at_night

pytestmark = pytest.mark.xdist_group("the engine on Ray")
# A later program, which does not have the table.
RESUME = """
import sys
from fitgap import resume_sweep
sweep = resume_sweep("memory", engine=sys.argv[1], workers=1, notify=print)
print(sweep.trials()["status"].to_list())
"""


@pytest.mark.parametrize("engine", [at_night("local"), at_night("ray")])
def test_a_frame_is_trained_on_ray_and_resumed_without_it(engine, own_folder):
    rng = np.random.default_rng(2)
    frame = pl.DataFrame({"a": rng.normal(size=50), "b": rng.normal(size=50), "w": rng.uniform(0.5, 2, size=50)})
    frame = frame.with_columns(y=pl.col("a") * 2 - pl.col("b"))
    settings = {
        "data": frame,
        "target": "y",
        "weight": "w",
        "training": {"epochs": 3},
        "axes": {"architecture": ["3", "5"]},
    }
    local = run_sweep({**settings, "name": "local"}, engine="local")
    ray = run_sweep({**settings, "name": "memory"}, engine="ray", workers=1)
    assert ray.trials()["e_v"].to_list() == local.trials()["e_v"].to_list()
    # As if two trials had never been trained.
    with closing(sqlite3.connect("fitgap.db")) as connection, connection:
        query = "SELECT id FROM trial WHERE sweep_id = (SELECT id FROM sweep WHERE name = 'memory')"
        numbers = [row[0] for row in connection.execute(query)]
        for table in ("epoch", "evidence", "confusion", "class_count"):
            connection.executemany(f"DELETE FROM {table} WHERE trial_id = ?", [(number,) for number in numbers])
        connection.executemany(
            "UPDATE trial SET status = 'pending', ended = NULL WHERE id = ?", [(n,) for n in numbers]
        )
    done = subprocess.run(
        [sys.executable, "-c", RESUME, engine], capture_output=True, text=True, check=False, timeout=200
    )
    assert done.returncode == 0, done.stderr
    assert "['completed', 'completed']" in done.stdout
    assert resume_sweep("memory").trials()["e_v"].to_list() == local.trials()["e_v"].to_list()
