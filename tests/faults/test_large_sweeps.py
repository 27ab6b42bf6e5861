"""Sweeps of up to a million trials: the driver's memory and the time of a claim hardly grow with the number of
trials.
"""

import json
import subprocess
import sys

import pytest
from support.sampling import at_night

SIZES = (1_000, 100_000, 1_000_000)
# The batches being read, judged and written take about 3 MB. Growth by 200 bytes per trial would exceed the limit.
QUICK_SIZES, MOST_EXTRA_MEGABYTES = [(1_000, 10_000), at_night(1_000, 30_000)], 5
# One small sweep has too few claims for a 99th percentile.
SMALL_SWEEPS = 20
MOST_MEGABYTES, MOST_BYTES_PER_TRIAL = 300, 10
SLOWER = 2.0
# Drives a sweep with an engine that makes up the end of every trial at once.
DRIVE = """
import json, sys, time
from pathlib import Path
from fitgap.runner.driver import drive, write_sweep
from fitgap.runner.engine import in_process
from fitgap.runner.messages import Block, TrialEnd
from fitgap.runner.planning.preparation import prepare_sweep
from fitgap.runner.spec import sweep_from_text
from fitgap.runner.trial_status import Status
from fitgap.runner.store import DriverSession, open_store_for_writing

RATES, REPEATS = int(sys.argv[1]), int(sys.argv[2])
seconds = []

def pretend(task, dataset, should_stop):
    yield Block(None, tuple(TrialEnd(trial, Status.COMPLETED, epochs=1, e_v=0.5) for trial in task.trials))

def timed(self, trials, claim=DriverSession.claim):
    began = time.monotonic()
    answer = claim(self, trials)
    seconds.append(time.monotonic() - began)
    return answer

def megabytes():
    # Unlike `getrusage` this forgets what the process needed before it became this program.
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024

in_process.train_pack, DriverSession.claim = pretend, timed
rates = ", ".join(str(number / 1e6) for number in range(1, RATES + 1))
axes = f"axes: {{optimizer: [{{adam: {{rate: [{rates}]}}}}]}}"
text = f"{{name: it, data: iris, repeats: {REPEATS}, training: {{epochs: 1}}, {axes}}}"
with open_store_for_writing("it.db") as store:
    written = write_sweep(store, prepare_sweep(sweep_from_text(text)))
    writing = megabytes()
    began = time.monotonic()
    drive(store, written, engine="local", workers=None, on_block=lambda block: None)
    took = time.monotonic() - began
    completed = store.sweeps()[0]["completed"]
found = {"completed": completed, "writing": writing, "megabytes": megabytes(), "seconds": took, "claims": seconds}
json.dump(found, open("found.json", "w"))
"""


def drive(folder, trials):
    """The measurements of a driver of a sweep with N trials, in a process of its own."""
    folder.mkdir()
    rates = min(trials, 1_000)
    line = [sys.executable, "-c", DRIVE, str(rates), str(trials // rates)]
    done = subprocess.run(line, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads((folder / "found.json").read_text())


@pytest.mark.nightly
@pytest.mark.parametrize(("few", "many"), QUICK_SIZES)
def test_many_trials_need_hardly_more_memory_than_few(few, many, tmp_path):
    small, large = (drive(tmp_path / str(trials), trials) for trials in (few, many))
    assert (small["completed"], large["completed"]) == (few, many)
    assert large["megabytes"] - small["megabytes"] <= MOST_EXTRA_MEGABYTES


@pytest.mark.nightly
def test_a_million_trials_need_little_more_than_a_thousand(tmp_path):
    small, middle, large = (drive(tmp_path / str(trials), trials) for trials in SIZES)
    claims = [second for number in range(SMALL_SWEEPS) for second in drive(tmp_path / f"{number}", SIZES[0])["claims"]]
    usual, slowest = slowest_of_a_hundred(claims), slowest_of_a_hundred(large["claims"])
    for each in (small, middle, large):
        print({**each, "claims": len(each["claims"])})
    print(f"claims: {usual * 1e3:.1f} ms among a thousand, {slowest * 1e3:.1f} ms among a million")
    assert [each["completed"] for each in (small, middle, large)] == list(SIZES)
    assert large["megabytes"] <= MOST_MEGABYTES
    assert (large["megabytes"] - middle["megabytes"]) * 2**20 <= MOST_BYTES_PER_TRIAL * (SIZES[2] - SIZES[1])
    assert slowest <= SLOWER * usual


def slowest_of_a_hundred(seconds):
    return sorted(seconds)[len(seconds) * 99 // 100]
