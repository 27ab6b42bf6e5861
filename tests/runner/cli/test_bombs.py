"""Files that would take endless time or memory are refused at once, in one line, with exit code 2 and nothing written.

The command runs in a process with limited memory, which measures what each file costs.
"""

import json
import subprocess
import sys

import pytest
from support.cli.bombs import DATA_FILES, SWEEPS
from support.sampling import every

# These tests share slow fixtures, so they run in one worker.
pytestmark = pytest.mark.xdist_group("bombs")

# The goal is one second, and half a second was measured; a busy machine gets more.
MOST_SECONDS = 4.0
MOST_MEGABYTES = 200.0
# A child process that tries to read a file starts with about 150 MB.
MOST_CHILD_MEGABYTES = 500.0
JUDGE = """
import contextlib, io, json, os, resource, signal, sys, time
from pathlib import Path
from fitgap.runner.cli.main import main
import polars
import fitgap.runner.planning.preparation
from fitgap.runner.data.formats import csv_files
from fitgap.runner.data.formats import npz_files
from fitgap.runner.spec import yaml_text

def megabytes(field):
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(field))
    return int(line.split()[1]) / 1024

def seconds():
    return time.process_time() + sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2])

def judged(arguments):
    Path("/proc/self/clear_refs").write_text("5")
    before, started, told, code = megabytes("VmRSS"), seconds(), io.StringIO(), None
    sys.argv = ["fitgap", "run", *arguments]
    signal.alarm(60)
    with contextlib.redirect_stderr(told):
        try:
            main()
        except SystemExit as end:
            code = end.code
    signal.alarm(0)
    took, grew = seconds() - started, megabytes("VmHWM") - before
    child = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    told = told.getvalue()
    return {"code": code, "told": told, "seconds": took, "megabytes": grew, "child": child, "files": os.listdir(".")}

limit = int(megabytes("VmSize") + 2000) * 2**20
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
verdicts = {name: judged(arguments) for name, arguments in json.load(sys.stdin).items()}
json.dump(verdicts, sys.stdout)
"""


def judge(commands, folder):
    """The exit code, error output and cost of each command."""
    done = subprocess.run(
        [sys.executable, "-c", JUDGE],
        input=json.dumps(commands), cwd=folder, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def check(verdict):
    """Assert what is promised for one bomb."""
    assert verdict["code"] == 2
    assert verdict["told"].startswith("fitgap: ") and verdict["told"].count("\n") == 1
    assert len(verdict["told"]) < 2000
    assert verdict["files"] == []
    assert verdict["seconds"] < MOST_SECONDS
    assert verdict["megabytes"] < MOST_MEGABYTES
    assert verdict["child"] < MOST_CHILD_MEGABYTES


def names_of_tests(request):
    """The names of the bombs that this run tries with the requesting fixture, in order."""
    asking = [item for item in request.session.items if request.fixturename in getattr(item, "fixturenames", ())]
    return list(dict.fromkeys(item.callspec.params["name"] for item in asking))


@pytest.fixture(scope="module")
def sweep_verdicts(tmp_path_factory, request):
    bombs, folder = tmp_path_factory.mktemp("bombs"), tmp_path_factory.mktemp("empty")
    names = names_of_tests(request)
    for name in names:
        (bombs / f"{name}.yaml").write_text(SWEEPS[name])
    return judge({name: [f"{bombs}/{name}.yaml"] for name in names}, folder)


@pytest.fixture(scope="module")
def data_verdicts(tmp_path_factory, request):
    bombs, folder = tmp_path_factory.mktemp("bombs"), tmp_path_factory.mktemp("empty")
    names = names_of_tests(request)
    for name in names:
        (bombs / name).write_bytes(DATA_FILES[name]())
    (bombs / "small.csv").write_text("a,b\n1,2\n")
    target = {name: ["--target", "b"] for name in names if not name.endswith(".npz")}
    # The first file bears the cost of starting up, so it is not one of the bombs.
    first = {"small.csv": ["--data", f"{bombs}/small.csv", "--target", "c"]}
    return judge(first | {name: ["--data", f"{bombs}/{name}", *target.get(name, ())] for name in names}, folder)


@pytest.mark.nightly
@pytest.mark.parametrize("name", every(6, SWEEPS))
def test_a_sweep_file_that_explodes_is_refused_at_once(name, sweep_verdicts):
    check(sweep_verdicts[name])


@pytest.mark.parametrize("name", every(3, [name for name in SWEEPS if "trials" in name]))
def test_a_grid_too_large_is_told_as_such(name, sweep_verdicts):
    assert "must give at most 1,000,000 trials, but give" in sweep_verdicts[name]["told"]


@pytest.mark.nightly
@pytest.mark.parametrize("name", every(6, DATA_FILES))
def test_a_data_file_that_explodes_is_refused_at_once(name, data_verdicts):
    check(data_verdicts[name])
