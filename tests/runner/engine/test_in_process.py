"""The engine in this process trains packs one after another, and takes each only when the previous one has ended."""

import pytest
from fitgap.runner.engine import ENGINES, make_engine, require_engine
from fitgap.runner.engine.in_process import LocalEngine
from fitgap.runner.engine.worker.examples import PreparedRepeats
from fitgap.runner.engine.worker.pack_trainer import train_pack
from fitgap.runner.errors import SpecError
from fitgap.runner.planning.packs import PlannedTrial, pack_trials
from fitgap.runner.planning.preparation import prepare_sweep
from fitgap.runner.spec import sweep_from_text


@pytest.fixture
def packs(small_sweep):
    """The packs of the small sweep, with its data set."""
    sweep = prepare_sweep(sweep_from_text(small_sweep))
    trials = [PlannedTrial(number, each, 1) for number, each in enumerate(sweep.configurations)]
    return list(pack_trials(trials, sweep, workers=1)), sweep.dataset


def test_rows_and_ends_are_those_of_the_worker(packs):
    """However the clock divides them into blocks."""
    tasks, dataset = packs
    expected = [block for task in tasks for block in train_pack(task, PreparedRepeats(dataset))]
    with LocalEngine(dataset) as engine:
        blocks = list(engine.run(iter(tasks)))
    assert rows_of(blocks) == rows_of(expected)
    assert [end.status for block in blocks for end in block.ended] == [
        end.status for block in expected for end in block.ended
    ]


def rows_of(blocks):
    """Trial, epoch and E_v of every row, as text, so that NaN equals NaN."""
    parts = [block.rows for block in blocks if block.rows is not None]
    return [
        (trial, epoch, repr(e_v))
        for part in parts
        for trial, epoch, e_v in zip(part.trial_id.tolist(), part.epoch.tolist(), part.e_v.tolist(), strict=True)
    ]


def test_a_pack_is_taken_only_when_the_one_before_has_ended(packs):
    tasks, dataset = packs
    taken, ended = [], set()

    def given():
        for task in tasks:
            assert ended == {trial for each in taken for trial in each.trials}
            taken.append(task)
            yield task

    with LocalEngine(dataset) as engine:
        for block in engine.run(given()):
            ended.update(end.trial_id for end in block.ended)
    assert taken == tasks


def test_an_engine_is_made_by_its_name(packs):
    """Creating an engine starts nothing; only entering it does."""
    _, dataset = packs
    made = {name: make_engine(name, dataset, 3, expected_work=1.0) for name in ENGINES}
    assert {name: engine.name for name, engine in made.items()} == {name: name for name in ENGINES}
    assert {name: engine.workers for name, engine in made.items()} == {"local": 1, "ray": 3, "auto": 3}


@pytest.mark.parametrize("name", ["", "rya", "Local"])
def test_an_unknown_engine_is_told_with_the_known_ones(name):
    with pytest.raises(SpecError, match="known: auto, ray, local"):
        require_engine(name)
