"""Ray workers that die while they train: what happens to their pack, and to the others."""

import json
import subprocess
import sys

import pytest

# Runs these tests in one process, because they share a slow fixture.
pytestmark = pytest.mark.xdist_group("the engine on Ray")

# Trains packs, of which the first always kills its worker, and the second loses its worker once, in the middle.
DYING_WORKERS = """
import json, os, signal, sys, time
from dataclasses import replace
from fitgap.runner.engine.worker import pack_trainer
from fitgap.runner.engine.ray import remote_training as remote
from fitgap.runner.engine.worker.examples import PreparedRepeats
from fitgap.runner.engine.ray import RayEngine
from fitgap.runner.planning.packs import PlannedTrial, pack_trials
from fitgap.runner.planning.preparation import prepare_sweep
from fitgap.runner.spec import sweep_from_text

def train_or_die(task, asked, *examples):
    from pathlib import Path
    from fitgap.runner.engine.ray.remote_training import ReceivedExamples
    if 0 in task.trials:
        os._exit(1)
    marker = Path(MARKERS) / f"died-{task.trials[0]}"
    for number, block in enumerate(slow(task, ReceivedExamples(examples), marker)):
        yield block
        if 1 in task.trials and number == 3 and not marker.exists():
            time.sleep(1)
            marker.touch()
            os.kill(os.getpid(), signal.SIGKILL)

def slow(task, source, marker):
    # Blocks are cut by the clock, so a second attempt cuts them elsewhere: here by one epoch, then by two.
    from fitgap.runner.messages import Block
    from fitgap.runner.engine.worker import block_builder, pack_trainer
    block_builder.BLOCK_SECONDS = 0.0
    blocks = pack_trainer.train_pack(task, source)
    if not marker.exists():
        yield from blocks
        return
    import numpy as np
    for first in blocks:
        second = next(blocks, None)
        if second is None or second.rows is None or first.rows is None:
            yield first
            if second is not None:
                yield second
            continue
        names = first.rows.__dataclass_fields__
        rows = {name: np.concatenate([getattr(first.rows, name), getattr(second.rows, name)]) for name in names}
        yield Block(type(first.rows)(**rows), first.ended + second.ended)

MARKERS = os.getcwd()
remote.train_pack_remotely = train_or_die
sweep = prepare_sweep(sweep_from_text("{data: iris, repeats: 4, training: {epochs: 12}}"))
trials = [PlannedTrial(number, sweep.configurations[0], number + 1) for number in range(4)]
found = {"rows": [], "ended": []}
with RayEngine(sweep.dataset, 2) as engine:
    for block in engine.run(pack_trials(trials, sweep, workers=2)):
        if block.rows is not None:
            rows = zip(block.rows.trial_id.tolist(), block.rows.epoch.tolist(), block.rows.e_v.tolist(), strict=True)
            found["rows"] += rows
        if block.failure:
            found["ended"] += [(trial, "lost", block.failure.reason) for trial in block.failure.trials]
        found["ended"] += [(end.trial_id, end.status, end.reason) for end in block.ended]
found["alone"] = []
for task in pack_trials(trials, sweep, workers=1):
    for block in pack_trainer.train_pack(task, PreparedRepeats(sweep.dataset)):
        if block.rows is None:
            continue
        rows = zip(block.rows.trial_id.tolist(), block.rows.epoch.tolist(), block.rows.e_v.tolist(), strict=True)
        found["alone"] += rows
json.dump(found, open("found.json", "w"))
"""


@pytest.fixture(scope="module")
def dying_workers(tmp_path_factory):
    """The results of packs, of which one always kills its worker and one loses its worker once, in the middle."""
    folder = tmp_path_factory.mktemp("dying")
    done = subprocess.run(
        [sys.executable, "-c", DYING_WORKERS], cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads((folder / "found.json").read_text())


@pytest.mark.nightly
def test_a_pack_that_kills_its_worker_is_lost_and_the_others_complete(dying_workers):
    ended = {trial: (status, reason) for trial, status, reason in dying_workers["ended"]}
    assert ended[0][0] == "lost" and "its worker died" in ended[0][1]
    assert ended[2][0] == ended[3][0] == "completed"
    assert len(dying_workers["ended"]) == len(ended) == 4


def test_a_pack_whose_worker_died_once_has_no_epoch_twice_and_none_that_differs(dying_workers):
    """A second attempt divides its epochs into other blocks; the rows must still be the start of the same training."""
    epochs = [(trial, epoch) for trial, epoch, _ in dying_workers["rows"]]
    assert len(epochs) == len(set(epochs))
    alone = {(trial, epoch): e_v for trial, epoch, e_v in dying_workers["alone"]}
    for trial, epoch, e_v in dying_workers["rows"]:
        assert alone[trial, epoch] == e_v
    for trial, status, _ in dying_workers["ended"]:
        own = [epoch for number, epoch in epochs if number == trial]
        assert own == list(range(1, len(own) + 1))
        assert status == "lost" or len(own) == 12
