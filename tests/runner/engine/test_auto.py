"""The engine that decides for itself: in this process at once, with Ray's help where the rest is worth its start."""

import json
import subprocess
import sys

import pytest

from core.data import Dataset
from runner.engine import auto
from runner.engine.auto import AutoEngine, Stopwatch
from runner.packing import PlannedTrial, pack_trials, total_work
from runner.planning import prepare_sweep
from runner.spec import sweep_from_text

# Trains the same sweep with Ray forced to start at once, and in this process.
FORCED = """
import json
from runner.engine import auto
from runner.engine.auto import AutoEngine
from runner.engine.local import LocalEngine
from runner.packing import PlannedTrial, pack_trials, total_work
from runner.planning import prepare_sweep
from runner.spec import sweep_from_text

auto.WORTH_STARTING_RAY_SECONDS, auto.SECONDS_TO_TELL = 0.0, 0.0
text = "{data: digits, repeats: 12, training: {epochs: 25}, axes: {architecture: [32-32, 64]}}"
sweep = prepare_sweep(sweep_from_text(text))
pairs = [(each, repeat) for each in sweep.configurations for repeat in range(1, 13)]
trials = [PlannedTrial(number, *pair) for number, pair in enumerate(pairs)]

def rows_of(blocks):
    rows = []
    for block in blocks:
        if block.rows is not None:
            rows += zip(block.rows.trial_id.tolist(), block.rows.epoch.tolist(), block.rows.e_v.tolist())
    return sorted(rows)

with AutoEngine(sweep.dataset, 2, total_work(trials, sweep)) as engine:
    together = rows_of(engine.run(pack_trials(trials, sweep, workers=6)))
    started = engine.ray is not None
with LocalEngine(sweep.dataset) as engine:
    alone = rows_of(engine.run(pack_trials(trials, sweep, workers=1)))
print(json.dumps({"started": started, "equal": together == alone, "count": len(together)}))
"""


@pytest.fixture
def small(small_sweep):
    """The small sweep, with its trials."""
    sweep = prepare_sweep(sweep_from_text(small_sweep))
    trials = [PlannedTrial(number, each, 1) for number, each in enumerate(sweep.configurations)]
    return sweep, trials


def test_a_small_sweep_never_starts_ray(small):
    sweep, trials = small
    with AutoEngine(sweep.dataset, 2, total_work(trials, sweep)) as engine:
        blocks = list(engine.run(pack_trials(trials, sweep, workers=2)))
        assert engine.ray is None
    assert {end.trial_id for block in blocks for end in block.ended} == {trial.trial_id for trial in trials}


def test_one_worker_needs_no_ray(small, monkeypatch):
    """However long the rest would take."""
    monkeypatch.setattr(auto, "WORTH_STARTING_RAY_SECONDS", 0.0)
    monkeypatch.setattr(auto, "SECONDS_TO_TELL", 0.0)
    sweep, trials = small
    with AutoEngine(sweep.dataset, 1, total_work(trials, sweep)) as engine:
        assert list(engine.run(pack_trials(trials, sweep, workers=1)))
        assert engine.ray is None


def test_with_rays_help_every_row_is_the_same_and_there_once(tmp_path):
    done = subprocess.run([sys.executable, "-c", FORCED], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"started": True, "equal": True, "count": 2 * 12 * 25}


def test_where_ray_cannot_start_this_process_goes_on_alone(small, monkeypatch):
    class Broken:
        is_ready = False

        def __init__(self, dataset: Dataset, workers: int):
            self.error = RuntimeError("no Ray today")

        def __enter__(self):
            return self

        def __exit__(self, *exception):
            pass

    monkeypatch.setattr(auto, "RayEngine", Broken)
    monkeypatch.setattr(auto, "WORTH_STARTING_RAY_SECONDS", 0.0)
    monkeypatch.setattr(auto, "SECONDS_TO_TELL", 0.0)
    sweep, trials = small
    with AutoEngine(sweep.dataset, 2, total_work(trials, sweep)) as engine:
        blocks = list(engine.run(pack_trials(trials, sweep, workers=2)))
        assert engine.ray is not None
    assert {end.trial_id for block in blocks for end in block.ended} == {trial.trial_id for trial in trials}


def test_the_rest_is_told_by_the_rate_so_far(monkeypatch):
    """A quarter of the work in two seconds: six are left; before the first second nothing is said."""
    now = 0.0
    monkeypatch.setattr(auto.time, "monotonic", lambda: now)
    stopwatch = Stopwatch(expected_work=100.0)
    stopwatch.done = 25.0
    now = 0.5
    assert stopwatch.seconds_left() == 0.0
    now = 2.0
    assert stopwatch.seconds_left() == pytest.approx(6.0)
