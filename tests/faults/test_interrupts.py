"""Ctrl-C at any time, once or twice: the command ends soon, nothing stays running, and it says how to go on."""

import random
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

COMMAND = Path(sys.executable).parent / "fitgap"
SWEEP = """\
name: long
data: digits
repeats: 4
training: {epochs: 300}
axes:
  architecture: [16, 32-16]
  optimizer: [adam, {gradient_descent: {rate: [0.1, 0.2]}}]
"""
# The plan asks for 5 s after one and 1 s after two, on a machine that does nothing else.
SOON_SECONDS = {1: 15.0, 2: 10.0}
PATIENCE_SECONDS = 120.0
FEW, MANY = range(5), range(50)
ENGINES = ("local", "auto", "ray")


def rows(query):
    """Rows of the database, which may not be there yet."""
    try:
        with closing(sqlite3.connect("file:fitgap.db?mode=ro", uri=True)) as connection:
            return connection.execute(query).fetchall()
    except sqlite3.OperationalError:
        return []


def wait_for(query, running):
    """Wait until a query has an answer."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not rows(query) and running.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)


def interrupt(times, engine, moment):
    """Run the sweep, stop it so often some time after its trials or its first epochs are there; check what is left."""
    Path("long.yaml").write_text(SWEEP)
    luck = random.Random(f"{engine} {times} {moment}")
    with subprocess.Popen(
        [COMMAND, "run", "long.yaml", "--engine", engine], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        try:
            wait_for("SELECT 1 FROM trial" if moment % 5 == 0 else "SELECT 1 FROM epoch", running)
            time.sleep(luck.uniform(0, 5.0 if engine == "auto" else 1.0))
            for _ in range(times):
                running.send_signal(signal.SIGINT)
                last, pause = time.monotonic(), luck.uniform(0.0, 0.2)
                time.sleep(pause)
            _, err = running.communicate(timeout=PATIENCE_SECONDS)
        finally:
            running.kill()
    assert time.monotonic() - last < SOON_SECONDS[times]
    assert running.returncode == 130, err
    assert "Traceback" not in err and "Exception" not in err, err
    assert err.splitlines()[-1] == "go on with: fitgap resume long", err
    statuses = dict(rows("SELECT status, count(*) FROM trial GROUP BY status"))
    assert sum(statuses.values()) == 24 and statuses.get("pending", 0) > 0
    assert set(statuses) <= {"pending", "completed"}


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("moment", FEW)
def test_it_ends_soon_and_nothing_stays_running(times, moment, own_folder):
    interrupt(times, "local", moment)


@pytest.mark.nightly
@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("moment", MANY)
def test_it_ends_soon_whatever_trains(times, moment, own_folder):
    """The engines in turn."""
    interrupt(times, ENGINES[moment % len(ENGINES)], moment)
