"""Trials that end their workers: on a real Ray, in packs of 64, one by dying and one for want of memory."""

import json
import subprocess
import sys

import pytest

DYING, GREEDY, TRIALS = 20, 41, 64
# Drives one sweep on Ray, in whose workers two of the trials go wrong, and the same sweep undisturbed in this process.
SWEEP = """
import json, resource
from runner import packing
from runner.driver import drive, write_sweep
from runner.engine.ray import tasks as remote
from runner.planning import prepare_sweep
from runner.spec import sweep_from_text
from runner.store import open_store_for_writing

DYING, GREEDY, TRIALS = {DYING}, {GREEDY}, {TRIALS}
LIMIT = 64 * 2**20
packing.LARGEST_PACK, packing.PACKS_PER_WORKER = TRIALS, 0.1

def go_wrong(task, asked, *examples):
    import os, resource
    from types import SimpleNamespace
    import numpy as np
    from runner.engine import worker
    from runner.engine.ray.tasks import ReceivedExamples
    source = ReceivedExamples(examples)
    if DYING in task.trials:
        os._exit(1)
    if GREEDY in task.trials:
        def of_task(task):
            used = int(open("/proc/self/statm").read().split()[5]) * resource.getpagesize()
            before = resource.getrlimit(resource.RLIMIT_DATA)
            resource.setrlimit(resource.RLIMIT_DATA, (used + LIMIT, before[1]))
            try:
                return np.ones(2 * LIMIT, np.uint8)
            finally:
                resource.setrlimit(resource.RLIMIT_DATA, before)
        source = SimpleNamespace(of_task=of_task)
    yield from worker.train_pack(task, source, asked)

def resident():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

remote.train_pack_remotely = go_wrong
text = "{{name: %s, data: iris, repeats: %d, training: {{epochs: 3}}}}"
found = {{}}
with open_store_for_writing("it.db") as store:
    for engine in ("local", "ray"):
        written = write_sweep(store, prepare_sweep(sweep_from_text(text % (engine, TRIALS))))
        if engine == "ray":
            first = store.trials("ray")[0]["trial"]
            DYING, GREEDY = DYING + first - 1, GREEDY + first - 1
        drive(store, written, engine=engine, workers=2, observe=lambda block: None)
        found[engine] = store.trials(engine)
        found[engine + " epochs"] = store.sweep_epochs(written.sweep_id)
        found[engine + " megabytes"] = resident()
    found["reasons"] = {{name: store.show(trial)["reason"] for name, trial in (("died", DYING), ("greedy", GREEDY))}}
    found["attempts"] = {{name: store.show(trial)["attempt"] for name, trial in (("died", DYING), ("greedy", GREEDY))}}
json.dump(found, open("found.json", "w"))
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """What the database held of both sweeps."""
    folder = tmp_path_factory.mktemp("lost")
    script = SWEEP.format(DYING=DYING, GREEDY=GREEDY, TRIALS=TRIALS)
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=folder, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads((folder / "found.json").read_text())


def test_both_fail_with_their_reasons_and_all_others_complete(found):
    statuses = [row["status"] for row in found["ray"]]
    assert statuses.count("completed") == TRIALS - 2
    assert [number for number, status in enumerate(statuses, start=1) if status == "failed"] == [DYING, GREEDY]
    assert "its worker died" in found["reasons"]["died"]
    assert found["reasons"]["greedy"].startswith("out of memory: ")


def test_each_is_found_in_seven_packs_and_fails_after_three_attempts_alone(found):
    """64, 32, 16, 8, 4, 2 and 1 trials, and twice more: the packs of the one may be those of the other at first."""
    assert all(7 + 2 <= attempts <= 7 + 2 + 1 for attempts in found["attempts"].values()), found["attempts"]


def test_the_others_have_the_numbers_of_an_undisturbed_sweep_to_the_last_bit(found):
    """In packs that were cut again and again, on Ray, against one pack in one process."""
    offset = found["ray"][0]["trial"] - found["local"][0]["trial"]
    wrong = {found["ray"][number - 1]["trial"] for number in (DYING, GREEDY)}
    on_ray = [{**row, "trial": row["trial"] - offset} for row in found["ray epochs"] if row["trial"] not in wrong]
    alone = [row for row in found["local epochs"] if row["trial"] + offset not in wrong]
    assert len(alone) == 3 * (TRIALS - 2) and on_ray == alone


def test_a_worker_without_memory_costs_the_driver_none(found):
    """Beyond what Ray itself takes in the process that starts it."""
    assert found["ray megabytes"] - found["local megabytes"] < 150
