"""The engine `auto` trains in this process at first, in local processes once they are ready, long sweeps on Ray."""

import itertools
import json
import subprocess
import sys

import pytest
from fitgap.runner.engine import auto
from fitgap.runner.engine.auto import AutoEngine
from fitgap.runner.engine.dispatch import eta
from fitgap.runner.engine.ray_client import client
from fitgap.runner.engine.worker import block_builder
from fitgap.runner.planning.packs import pack_trials, work_of
from fitgap.runner.system.child_processes import start_child
from support.engine import stand_in_hosts
from support.engine.packs import EPOCHS, PACKS, trained_here
from support.engine.pretended_processes import PretendedProcesses
from support.engine.rows import rows_of
from support.sampling import at_night, every_row

NEVER = float("inf")
# Trains packs until local processes and Ray, both forced to start, have had some. The last pack is longer than all
# others. Then trains the same packs in this process.
FORCED = """
import json, time
from fitgap.runner.engine import auto
from fitgap.runner.engine.auto import AutoEngine
from fitgap.runner.engine.in_process import LocalEngine
from fitgap.runner.planning.packs import PlannedTrial, pack_shape, pack_task
from fitgap.runner.planning.preparation import prepare_sweep
from fitgap.runner.spec import sweep_from_text

auto.WORTH_PROCESSES_SECONDS = auto.WORTH_RAY_SECONDS = auto.SECONDS_BEFORE_RAY = 0.0
sweep = prepare_sweep(sweep_from_text("{data: iris, repeats: 900, axes: {architecture: 8-4, epochs: [25, 2500]}}"))
short, long = sweep.configurations

def pack(configuration, numbers):
    trials = [PlannedTrial(number, configuration, number) for number in numbers]
    return pack_task(trials, pack_shape(configuration, sweep), sweep)

def tasks(engine):
    after = 8
    for number in range(1, 900, 3):
        if engine.ray and engine.ray.is_ready:
            after -= 1
        else:
            time.sleep(0.1)
        given.append(pack(short, range(number, number + 3)) if after else pack(long, range(number, number + 8)))
        yield given[-1]
        if not after:
            return

def was_cut(block):
    # Only a pack that is asked to leave saves states so soon.
    return any(state.trial_id in given[-1].trials for state in block.states)

def rows_of(blocks):
    parts = [block.rows for block in blocks if block.rows is not None]
    return sorted(row for part in parts for row in zip(*(getattr(part, name).tolist() for name in vars(part))))

given, told = [], []
with AutoEngine(sweep.dataset, 2, 1e12, told.append) as engine:
    blocks = list(engine.run(tasks(engine)))
    together, cut = rows_of(blocks), any(map(was_cut, blocks))
    came = engine.has_processes, engine.ray.is_ready
    left = len(engine.pool.workers)
with LocalEngine(sweep.dataset) as engine:
    alone = rows_of(engine.run(iter(given)))
trained = {row[0] for row in together} == {trial for task in given for trial in task.trials}
answers = {"came": came, "left": left, "cut": cut, "equal": together == alone, "trained": trained, "told": told}
print(json.dumps(answers))
"""


@pytest.fixture
def thresholds(monkeypatch):
    """`thresholds(processes=…, ray=…)`: set how many seconds of work make it worth starting them."""

    def set_(processes=NEVER, ray=NEVER):
        monkeypatch.setattr(auto, "WORTH_PROCESSES_SECONDS", processes)
        monkeypatch.setattr(auto, "WORTH_RAY_SECONDS", ray)
        monkeypatch.setattr(auto, "SECONDS_BEFORE_RAY", 0.0)

    return set_


def ends_of(blocks):
    """The ends of all trials, without the time they took."""
    ends = [vars(end) | {"seconds": None} for block in blocks for end in block.ended]
    return sorted(map(repr, ends))


def engine_for(sweep, trials, workers=2, notify=None):
    work = sum(epochs * cost for epochs, cost in work_of(trials, sweep).values())
    return AutoEngine(sweep.dataset, workers, work, notify or (lambda text: None))


def test_a_small_sweep_starts_nothing(small_sweep, prepared, monkeypatch):
    """The amount of work decides, because on a very busy machine any sweep takes long."""
    monkeypatch.setattr(eta, "SECONDS_TO_MEASURE", NEVER)
    sweep, trials = prepared(small_sweep)
    with engine_for(sweep, trials) as engine:
        blocks = list(engine.run(pack_trials(trials, sweep, workers=2)))
        assert not engine.pool.is_started and engine.ray is None
    assert rows_of(blocks) == rows_of(trained_here(sweep, trials))


def test_one_worker_needs_no_help(prepared, thresholds):
    """However long the rest would take."""
    thresholds(processes=0.0, ray=0.0)
    sweep, trials = prepared(PACKS)
    with engine_for(sweep, trials, workers=1) as engine:
        assert list(engine.run(pack_trials(trials, sweep, workers=1)))
        assert not engine.pool.is_started and engine.ray is None


@pytest.mark.nightly
def test_with_processes_and_ray_every_row_is_the_same_and_there_once(tmp_path):
    """Both start, each takes over from its predecessor, and the processes have ended once Ray trains all packs.
    The last pack is split in two. None of them loads modules with our packages' names from the current folder.
    """
    for name in ("core", "runner"):
        (tmp_path / f"{name}.py").write_text("raise RuntimeError('the wrong one was loaded')\n")
    done = subprocess.run(
        [sys.executable, "-P", "-c", FORCED], cwd=tmp_path, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stderr
    expected = {"came": [True, True], "left": 0, "cut": True, "equal": True, "trained": True, "told": []}
    assert json.loads(done.stdout) == expected


@pytest.mark.parametrize(
    ("looks", "keep"), every_row(5, itertools.product((0, 1, 3, 6, 10, 100), ("none", "best", "last", "state")))
)
def test_whenever_processes_come_they_take_over_with_the_same_results(looks, keep, prepared, thresholds, monkeypatch):
    """They come between packs, in the middle of a pack, or never."""
    monkeypatch.setattr(block_builder, "BLOCK_SECONDS", 0.0)
    thresholds(processes=0.0)
    sweep, trials = prepared(PACKS.replace("epochs: 6", f"epochs: 6, keep: {keep}"))
    expected = trained_here(sweep, trials)
    tasks = list(pack_trials(trials, sweep, workers=2))
    with engine_for(sweep, trials) as engine:
        engine.pool = PretendedProcesses(sweep.dataset, looks)
        blocks = list(engine.run(iter(tasks)))
    assert rows_of(blocks) == rows_of(expected)
    assert ends_of(blocks) == ends_of(expected)
    # Only final states are compared: earlier ones are saved wherever a pack is taken over.
    assert as_text(blocks, "kept") == as_text(expected, "kept")
    assert as_text(blocks, "states", EPOCHS) == as_text(expected, "states", EPOCHS)
    begun_here = [int(task.states[0]["epoch"]) for task in engine.pool.given if task.states]
    epochs_here = min(looks, EPOCHS * len(tasks))
    assert begun_here == [epochs_here % EPOCHS] * (epochs_here % EPOCHS > 0)


def as_text(blocks, kind, first_epoch=0):
    """The networks or states sent from `first_epoch` on, as text."""
    found = [each for block in blocks for each in getattr(block, kind) if each.epoch >= first_epoch]
    return sorted(repr((each.trial_id, each.epoch, repr_of(each))) for each in found)


def repr_of(kept):
    if hasattr(kept, "parameters"):
        return kept.parameters.tolist()
    # The last number of the summary is the time it took.
    return [(name, array.tolist()[:-1] if name == "summary" else array.tolist()) for name, array in kept.arrays.items()]


def test_where_all_processes_are_lost_training_goes_on_here(prepared, thresholds):
    thresholds(processes=0.0)
    sweep, trials = prepared(PACKS)
    with engine_for(sweep, trials) as engine:
        engine.pool = PretendedProcesses(sweep.dataset, dies_after=2)
        blocks = list(engine.run(pack_trials(trials, sweep, workers=2)))
        assert len(engine.pool.given) == 2
    assert rows_of(blocks) == rows_of(trained_here(sweep, trials))


def test_where_no_process_can_be_started_it_is_told_once_and_training_goes_on_here(
    prepared, thresholds, monkeypatch, tmp_path
):
    thresholds(processes=0.0)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "nowhere"))
    sweep, trials = prepared(PACKS)
    told = []
    with engine_for(sweep, trials, notify=told.append) as engine:
        blocks = list(engine.run(pack_trials(trials, sweep, workers=2)))
    assert rows_of(blocks) == rows_of(trained_here(sweep, trials))
    (line,) = told
    assert "No such file" in line and line.endswith("training continues in 1 process")


@pytest.mark.parametrize(("processes", "count"), [at_night(0.0, "2 processes"), (NEVER, "1 process")])
def test_where_ray_cannot_be_started_it_is_told_once_and_training_goes_on(
    processes, count, prepared, thresholds, monkeypatch
):
    def start(module, name, *arguments, **options):
        return start_child(stand_in_hosts.__name__, "refuse", *arguments, **options)

    monkeypatch.setattr(client, "start_child", start)
    thresholds(processes, ray=0.0)
    sweep, trials = prepared(PACKS)
    given, told = [], []

    def tasks():
        for task in itertools.cycle(pack_trials(trials, sweep, workers=2)):
            given.extend(task.trials)
            yield task
            if engine.is_ray_decided:
                return

    with AutoEngine(sweep.dataset, 2, 1e12, told.append) as engine:
        ended = [end.trial_id for block in engine.run(tasks()) for end in block.ended]
    assert sorted(ended) == sorted(given)
    (line,) = told
    assert line.startswith("Ray could not be started: no Ray today") and line.endswith(f"training continues in {count}")
    assert "fitgap doctor" in line


@pytest.mark.parametrize("processes", [0.0, NEVER])
def test_after_a_stop_every_pack_in_flight_has_saved_its_state_for_the_driver(processes, prepared, thresholds):
    """Wherever the packs are trained; no further pack is started."""
    thresholds(processes)
    sweep, trials = prepared("{data: iris, repeats: 40, training: {epochs: 1000000}, axes: {architecture: [4]}}")
    taken, blocks = [], []

    def tasks():
        for task in pack_trials(trials, sweep, workers=2):
            taken.append(task)
            yield task

    with engine_for(sweep, trials) as engine:
        for block in engine.run(tasks()):
            blocks.append(block)
            if len(engine.pool.running) == (2 if processes == 0.0 else 0) and len(blocks) > 3:
                in_flight = {trial for pack in engine.pool.running or [engine.pack] for trial in pack.task.trials}
                engine.stop()
                before = len(taken)
    trained = {trial for block in blocks if block.rows is not None for trial in block.rows.trial_id.tolist()}
    assert in_flight and {state.trial_id for block in blocks for state in block.states} == in_flight | trained
    assert len(taken) == before
