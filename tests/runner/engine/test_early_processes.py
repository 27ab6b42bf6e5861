"""Processes that start before the engine: when this pays, and what they train once they are ready."""

import itertools
from multiprocessing import connection

import pytest
from fitgap.runner.engine import early_processes
from fitgap.runner.engine.auto import AutoEngine
from fitgap.runner.planning.packs import pack_trials
from support.engine.packs import PACKS, trained_here
from support.engine.rows import rows_of


def counted_work(asked):
    """The parts of a long sweep's work; those that are requested are added to `asked`."""
    for part in itertools.repeat(1e6, 1000):
        asked.append(part)
        yield part


def test_processes_are_started_early_as_soon_as_the_work_is_known_to_be_worth_it(prepared):
    sweep, _ = prepared(PACKS)
    asked = []
    with early_processes("auto", sweep.dataset, 2, counted_work(asked)) as processes:
        begun = [process.process for process in processes.workers]
        assert len(begun) == 2 and len(asked) < 1000
    assert processes.workers == [] and all(process.returncode is not None for process in begun)


@pytest.mark.parametrize(
    ("engine", "workers", "work"), [("local", 2, [1e12]), ("ray", 2, [1e12]), ("auto", 1, [1e12]), ("auto", 2, [1.0])]
)
def test_no_process_is_started_early_that_would_have_nothing_to_do(engine, workers, work, prepared):
    sweep, _ = prepared(PACKS)
    with early_processes(engine, sweep.dataset, workers, work) as processes:
        assert processes is None


def test_processes_that_are_there_already_train_everything(prepared, monkeypatch):
    """The results are the same as in this process."""
    sweep, trials = prepared(PACKS)
    with early_processes("auto", sweep.dataset, 2, [1e12]) as processes:
        while not all(process.is_ready for process in processes.workers):
            connection.wait([process.connection for process in processes.workers if not process.is_ready])
            processes.receive_ready()
        with AutoEngine(sweep.dataset, 2, 1.0, early=processes) as engine:
            monkeypatch.setattr(engine, "_train_here", None)
            blocks = list(engine.run(pack_trials(trials, sweep, workers=2)))
    assert rows_of(blocks) == rows_of(trained_here(sweep, trials))
