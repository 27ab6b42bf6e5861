"""Charts of 100,000 trials and a report on 10,000 take little more time than for a hundredth, and little memory."""

import functools
import subprocess
import sys
from pathlib import Path

import pytest
from fitgap.runner.charts import KINDS
from support.charts.made_sweeps import NEEDED, Made, make

COMMAND = Path(sys.executable).parent / "fitgap"
# Numbers of trials, the largest ratio of CPU times (most of which is the start of the command), and the memory in MB.
FEW, MANY, MOST_TIMES, MEGABYTES = 1_000, 100_000, 3.0, 500
FEW_REPORTED, MANY_REPORTED, REPORT_MEGABYTES = 100, 10_000, 3
# The other kinds need trained networks, and draw few trials anyway.
DRAWABLE = [name for name in KINDS if name not in ("layers", "activation", "boundary")]

pytestmark = pytest.mark.nightly


@pytest.fixture(scope="module")
def database(tmp_path_factory, sqlite_template):
    """`database(trials, …)`: a synthetic sweep with this many trials, created once for equal arguments."""

    @functools.cache
    def maker(trials, **facts):
        path = tmp_path_factory.mktemp("large") / "large.db"
        path.write_bytes(sqlite_template.read_bytes())
        make(str(path), Made(configurations=trials // 3, epochs=5, diverging=9, **facts))
        return path

    return maker


# Runs a command from a small process and prints its CPU time and peak memory: a child's peak includes its parent's.
MEASURE = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True)
usage = resource.getrusage(resource.RUSAGE_CHILDREN)
print(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)
"""


def used(*words):
    """The CPU time of a command in seconds and its peak memory in MB."""
    line = [sys.executable, "-c", MEASURE, COMMAND, *map(str, words)]
    done = subprocess.run(line, capture_output=True, text=True, check=True)
    seconds, megabytes = map(float, done.stdout.splitlines()[-1].split())
    return seconds, megabytes


@pytest.mark.parametrize("kind", DRAWABLE)
def test_a_chart_of_100_000_trials(kind, database, tmp_path):
    facts = NEEDED.get(kind, {})
    line = ("plot", kind, "made", "-o", tmp_path / "chart.png", "--db")
    (usual, _), (seconds, megabytes) = (used(*line, database(trials, **facts)) for trials in (FEW, MANY))
    print(f"{kind}: {seconds:.1f} s of processor time, {seconds / usual:.2f} times as much, {megabytes:.0f} MB")
    assert seconds < MOST_TIMES * usual and megabytes < MEGABYTES


def test_a_report_on_10_000_trials(database, tmp_path):
    line = ("report", "made", "-o", tmp_path / "report.html", "--db")
    (usual, _), (seconds, megabytes) = (used(*line, database(trials)) for trials in (FEW_REPORTED, MANY_REPORTED))
    size = (tmp_path / "report.html").stat().st_size / 1e6
    print(f"report: {seconds:.1f} s of processor time, {seconds / usual:.2f} times as much, {megabytes:.0f} MB")
    print(f"report: a file of {size:.1f} MB")
    assert seconds < MOST_TIMES * usual and size < REPORT_MEGABYTES
