"""Trials that end their workers, on a real Ray in packs of up to 64: one exits, one is killed, one runs out of
memory.
"""

import contextlib
import json
import subprocess
import sys

import pytest
from support.databases.new_databases import PostgresDatabases, SqliteFiles
from support.sampling import at_night

# These tests share a fixture that is slow to set up.
pytestmark = pytest.mark.xdist_group("workers that are lost")

# Number of trials in the small and the large case, and which of them go wrong. Each of these ends a worker for every
# pack that contains it.
FEW, MANY = 8, 64
WRONG = {FEW: {"leaving": 2, "greedy": 5, "killed": 8}, MANY: {"leaving": 20, "greedy": 41, "killed": 60}}
MOST_DRIVER_MEGABYTES = 10
# The module of the process that hosts Ray, in whose workers three of the trials go wrong.
HOST = """
import json, os
import ray
from fitgap.runner.engine.ray import host
from fitgap.runner.engine.ray import remote_training

WRONG, LIMIT = json.loads(os.environ["WRONG"]), 64 * 2**20

def go_wrong(task, terms, *examples):
    import os, resource, signal
    from types import SimpleNamespace
    import numpy as np
    from fitgap.runner.engine.worker import pack_trainer
    from fitgap.runner.engine.ray.remote_training import ReceivedExamples
    source = ReceivedExamples(examples)
    if WRONG["leaving"] in task.trials:
        os._exit(1)
    if WRONG["killed"] in task.trials:
        os.kill(os.getpid(), signal.SIGKILL)
    if WRONG["greedy"] in task.trials:
        def of_task(task):
            used = int(open("/proc/self/statm").read().split()[5]) * resource.getpagesize()
            before = resource.getrlimit(resource.RLIMIT_DATA)
            resource.setrlimit(resource.RLIMIT_DATA, (used + LIMIT, before[1]))
            try:
                return np.ones(2 * LIMIT, np.uint8)
            finally:
                resource.setrlimit(resource.RLIMIT_DATA, before)
        source = SimpleNamespace(of_task=of_task)
    yield from pack_trainer.train_pack(task, source, terms.should_leave)

def serve(*descriptors):
    import wrong_host
    # The workers have no such module.
    ray.cloudpickle.register_pickle_by_value(wrong_host)
    remote_training.train_pack_remotely = go_wrong
    host.serve(*descriptors)
"""
# Drives one sweep on that Ray, and the same sweep undisturbed in its own process.
SWEEP = """
import json, os, sys
from fitgap.runner.planning import packs
from fitgap.runner.system.child_processes import start_child
from fitgap.runner.driver import drive, write_sweep
from fitgap.runner.engine.ray_client import client
from fitgap.runner.planning.preparation import prepare_sweep
from fitgap.runner.spec import sweep_from_text
from fitgap.runner.store import open_store_for_writing

address, TRIALS, WRONG = sys.argv[1], int(sys.argv[2]), json.loads(sys.argv[3])
packs.LARGEST_PACK, packs.PACKS_PER_WORKER = TRIALS, 0.1
sys.path.append(os.path.abspath("modules"))
client.start_child = lambda module, *given, **options: start_child("wrong_host", *given, **options)
memory = []

def look(block):
    lines = open("/proc/self/status").read().splitlines()
    memory.append(sum(int(line.split()[1]) for line in lines if line.startswith("RssAnon")) / 1024)

text = "{name: %s, data: iris, repeats: %d, training: {epochs: 3}}"
found = {}
with open_store_for_writing(address) as store:
    for engine in ("local", "ray"):
        written = write_sweep(store, prepare_sweep(sweep_from_text(text % (engine, TRIALS))))
        if engine == "ray":
            first = store.trials("ray")[0]["trial"]
            WRONG = {name: number + first - 1 for name, number in WRONG.items()}
            os.environ["WRONG"] = json.dumps(WRONG)
        drive(store, written, engine=engine, workers=2, on_block=look if engine == "ray" else lambda block: None)
        found[engine] = store.trials(engine)
        found[engine + " epochs"] = store.sweep_epochs(written.sweep_id)
    found["megabytes"] = memory
    found["wrong"] = {name: store.show(number) for name, number in WRONG.items()}
json.dump(found, open("found.json", "w"))
"""


# Per commit, tests/runner/driver/test_pack_queue.py loses packs without processes.
@pytest.fixture(
    scope="module",
    params=[at_night(("sqlite", FEW)), at_night(("sqlite", MANY)), at_night(("postgresql", MANY))],
    ids=str,
)
def found(request, tmp_path_factory):
    """What the database contained for both sweeps."""
    (kind, trials), folder = request.param, tmp_path_factory.mktemp("lost")
    (folder / "modules").mkdir()
    (folder / "modules" / "wrong_host.py").write_text(HOST)
    if kind == "sqlite":
        made = SqliteFiles(folder, request.getfixturevalue("sqlite_template"))
    else:
        made = PostgresDatabases(request.getfixturevalue("postgres"), request.getfixturevalue("postgres_template"))
    with contextlib.closing(made):
        line = [sys.executable, "-c", SWEEP, made.make(), str(trials), json.dumps(WRONG[trials])]
        done = subprocess.run(line, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return {**json.loads((folder / "found.json").read_text()), "trials": trials, "asked": WRONG[trials]}


def test_they_fail_with_their_reasons_and_all_others_complete(found):
    statuses = [row["status"] for row in found["ray"]]
    assert statuses.count("completed") == found["trials"] - len(found["asked"])
    failed = [number for number, status in enumerate(statuses, start=1) if status == "failed"]
    assert failed == sorted(found["asked"].values())
    reasons = {name: row["reason"] for name, row in found["wrong"].items()}
    assert reasons["greedy"].startswith("out of memory: ")
    # The kernel's out-of-memory killer ends processes like this, without a message.
    for name in ("leaving", "killed"):
        assert "its worker died; the system kills processes silently when memory runs out" in reasons[name]


def test_each_is_found_by_halving_its_pack_and_fails_after_three_attempts_alone(found):
    """Packs of 64, 32, 16, 8, 4, 2 and 1 trials, and two more attempts alone. At first, several bad trials may share a
    pack.
    """
    attempts, packs = {name: row["attempt"] for name, row in found["wrong"].items()}, found["trials"].bit_length()
    assert all(packs + 2 <= count <= packs + 2 + 1 for count in attempts.values()), attempts


def test_the_others_have_the_numbers_of_an_undisturbed_sweep_to_the_last_bit(found):
    """On Ray, in packs that were halved repeatedly, compared with one pack in one process."""
    offset = found["ray"][0]["trial"] - found["local"][0]["trial"]
    wrong = {found["ray"][number - 1]["trial"] for number in found["asked"].values()}
    on_ray = [{**row, "trial": row["trial"] - offset} for row in found["ray epochs"] if row["trial"] not in wrong]
    alone = [row for row in found["local epochs"] if row["trial"] + offset not in wrong]
    assert len(alone) == 3 * (found["trials"] - len(found["asked"])) and on_ray == alone


@pytest.mark.parametrize("found", [at_night(("sqlite", MANY)), at_night(("postgresql", MANY))], indirect=True, ids=str)
def test_a_worker_without_memory_costs_the_driver_none(found):
    """After the first block, when Ray has started, the driver's own memory hardly grows."""
    memory = found["megabytes"]
    assert len(memory) > 20
    print(f"the driver's memory grew by {max(memory) - memory[0]:.1f} MB while {len(memory)} blocks came")
    assert max(memory) - memory[0] <= MOST_DRIVER_MEGABYTES
