"""Training a pack uses one BLAS thread, in this process and in Ray workers, whatever OMP_NUM_THREADS says.

Ray is started once.
"""

import json
import os
import subprocess
import sys

import pytest
from threadpoolctl import threadpool_info

THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
# A pack that has yielded its first block but not its last is in the middle of its training.
SCRIPT = """
import json, sys
from threadpoolctl import threadpool_info
from fitgap.runner.engine.worker.examples import PreparedRepeats
from fitgap.runner.engine.worker.pack_trainer import train_pack
from fitgap.runner.planning.packs import pack_trials, planned_trials
from fitgap.runner.planning.preparation import prepare_sweep
from fitgap.runner.spec import sweep_from_text

def threads():
    return [each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"]

def observe():
    blocks = train_pack(task, PreparedRepeats(prepared.dataset))
    before, _, during = threads(), next(blocks), threads()
    blocks.close()
    return {"before": before, "during": during, "after": threads()}

prepared = prepare_sweep(sweep_from_text("{data: iris, training: {epochs: 100000}}"))
task = next(iter(pack_trials(planned_trials(prepared), prepared, workers=1)))
if sys.argv[1] == "ray":
    from fitgap.runner.engine.ray import RayEngine
    with RayEngine(prepared.dataset, workers=1) as engine:
        print(json.dumps(engine.ask_worker(observe)))
else:
    print(json.dumps(observe()))
"""


def observed(engine, threads, folder):
    """The BLAS threads before, during and after training, in a process whose environment asks for `threads`."""
    environment = {name: value for name, value in os.environ.items() if name not in THREAD_VARIABLES}
    if threads is not None:
        environment["OMP_NUM_THREADS"] = threads
    line = [sys.executable, "-c", SCRIPT, engine]
    done = subprocess.run(line, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_the_threads_of_blas_can_be_counted_here():
    """Otherwise, the tests below would see none and pass."""
    assert any(each["user_api"] == "blas" for each in threadpool_info())


@pytest.mark.nightly
@pytest.mark.parametrize("threads", [None, "64"])
def test_training_in_this_process_takes_one_thread_and_gives_the_others_back(threads, own_folder):
    found = observed("local", threads, own_folder)
    assert set(found["during"]) == {1}
    assert found["after"] == found["before"]
    if threads:
        assert max(found["before"]) > 1


# With every commit, only training in one process is checked, by tests/runner/doctor/test_blas.py.
@pytest.mark.nightly
def test_training_in_a_worker_of_ray_takes_one_thread(own_folder):
    found = observed("ray", "64", own_folder)
    assert set(found["during"]) == {1}
