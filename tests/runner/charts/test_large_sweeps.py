"""Charts of 100,000 trials and a report on 10,000: how much time, memory and space they take."""

import subprocess
import sys
from pathlib import Path

import pytest
from fitgap.runner.charts import KINDS
from support.charts.made_sweeps import NEEDED, Made, make

COMMAND = Path(sys.executable).parent / "fitgap"
SECONDS, MEGABYTES = 5.0, 500
REPORT_SECONDS, REPORT_MEGABYTES = 10.0, 3
# Those that need trained networks look at few trials anyway.
DRAWABLE = [name for name in KINDS if name not in ("layers", "activation", "boundary")]

pytestmark = pytest.mark.nightly


@pytest.fixture(scope="module")
def database(tmp_path_factory, sqlite_template):
    """`database(trials, …)`: a made sweep with this many trials."""

    def maker(trials, **facts):
        path = tmp_path_factory.mktemp("large") / "large.db"
        path.write_bytes(sqlite_template.read_bytes())
        make(str(path), Made(configurations=trials // 3, epochs=5, diverging=9, **facts))
        return path

    return maker


@pytest.fixture(scope="module")
def large(database):
    return database(100_000)


# Runs a command and prints what it used, from a small process: a child's largest memory includes that of its parent.
MEASURE = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True)
usage = resource.getrusage(resource.RUSAGE_CHILDREN)
print(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)
"""


def used(*words):
    """The processor time of a command in seconds and its largest memory in MB."""
    line = [sys.executable, "-c", MEASURE, COMMAND, *map(str, words)]
    done = subprocess.run(line, capture_output=True, text=True, check=True)
    seconds, megabytes = map(float, done.stdout.splitlines()[-1].split())
    return seconds, megabytes


@pytest.mark.parametrize("kind", DRAWABLE)
def test_a_chart_of_100_000_trials(kind, large, database, tmp_path):
    chosen = database(100_000, **NEEDED[kind]) if kind in NEEDED else large
    seconds, megabytes = used("plot", kind, "made", "--db", chosen, "-o", tmp_path / "chart.png")
    print(f"{kind}: {seconds:.1f} s of processor time, {megabytes:.0f} MB")
    assert seconds < SECONDS and megabytes < MEGABYTES


def test_a_report_on_10_000_trials(database, tmp_path):
    seconds, megabytes = used("report", "made", "--db", database(10_000), "-o", tmp_path / "report.html")
    size = (tmp_path / "report.html").stat().st_size / 1e6
    print(f"report: {seconds:.1f} s of processor time, {megabytes:.0f} MB of memory, {size:.1f} MB")
    assert seconds < REPORT_SECONDS and size < REPORT_MEGABYTES
