"""A million small blocks pass through a small object store: nothing is spilled, and few of them wait in the driver."""

import json
import subprocess
import sys

import pytest

BLOCKS = 1_000_000
# A worker sends blocks of one row as fast as it can. The driver takes them as fast as it can, and counts those that
# wait.
STREAM = """
import functools, json, os, sys, time
from pathlib import Path
from fitgap.runner.engine.cluster.ray_environment import own_environment
# How often Ray's server writes its state to a file.
os.environ.update(own_environment(), RAY_debug_dump_period_milliseconds="500")
import ray
from ray._private.worker import global_worker
from fitgap.runner.engine.ray import remote_training as remote
from fitgap.runner.engine.ray import RayEngine
from fitgap.runner.planning.packs import PlannedTrial, pack_trials
from fitgap.runner.planning.preparation import prepare_sweep
from fitgap.runner.spec import sweep_from_text

BLOCKS = int(sys.argv[1])

def send_blocks(task, asked, *examples):
    import numpy as np
    from fitgap.runner.messages import MEASURED, Block, EpochRows
    one = np.array([0.5])
    for number in range(BLOCKS):
        yield Block(EpochRows(np.array(task.trials), np.array([number]), **dict.fromkeys(MEASURED, one)), ())

ray.init = functools.partial(ray.init, object_store_memory=80 * 2**20)
remote.train_pack_remotely = send_blocks
sweep = prepare_sweep(sweep_from_text("{data: xor, training: {epochs: 1}}"))
tasks = pack_trials([PlannedTrial(1, sweep.configurations[0], 1)], sweep, workers=1)
blocks = most = 0
with RayEngine(sweep.dataset, 1) as engine:
    for block in engine.run(tasks):
        blocks += 1
        if blocks % 1000 == 0:
            most = max(most, len(global_worker.core_worker.get_all_reference_counts()))
    time.sleep(2)
    state = Path(global_worker.node.get_logs_dir_path(), "debug_state.txt")
    # Ray empties the file and writes it again each time, so a single read may find only a part of it.
    spilled, attempts = [], 0
    while not spilled and attempts < 100:
        time.sleep(0.1)
        attempts += 1
        spilled = [line for line in state.read_text().splitlines() if "cumulative spill requests" in line]
json.dump({"blocks": blocks, "most": most, "spilled": spilled}, open("found.json", "w"))
"""


@pytest.mark.nightly
def test_many_small_blocks_neither_spill_nor_pile_up(own_folder):
    done = subprocess.run([sys.executable, "-c", STREAM, str(BLOCKS)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads((own_folder / "found.json").read_text())
    print(found)
    assert found["blocks"] == BLOCKS
    assert found["spilled"] == ["- cumulative spill requests: 0"]
    assert found["most"] <= 1_000
