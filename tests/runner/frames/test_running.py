"""Sweeps run from Python, from a file or a mapping: the same as from the command line."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from fitgap import FitgapError, continue_pruned, open_store, resume_sweep, run_sweep
from fitgap.runner.driver import SweepStoppedError, launch, present_name
from fitgap.runner.store import open_store_for_writing

MEASURED = ("e_t", "e_v", "e_t_running", "se_t", "se_v", "accuracy_t", "accuracy_v", "learning_rate")
MAPPING = {
    "data": "xor",
    "repeats": np.int64(2),
    "training": {"epochs": 3},
    "axes": {"architecture": (2, "3-2"), "optimizer": [{"adam": {"rate": np.array([0.1, 0.01])}}]},
}


def test_a_mapping_asks_for_the_same_as_a_file(command):
    text = """
    data: xor
    repeats: 2
    training: {epochs: 3}
    axes: {architecture: [2, 3-2], optimizer: [{adam: {rate: [0.1, 0.01]}}]}
    """
    Path("xor.yaml").write_text(text)
    assert command("run", "xor.yaml", "--engine", "local").code == 0
    by_name = {sweep.name: sweep for sweep in (run_sweep(each, engine="local") for each in ("xor.yaml", MAPPING))}
    assert set(by_name) == {"xor-2", "xor-3"}
    with open_store() as store:
        curves = [store.epochs(name).select("epoch", *MEASURED) for name in ("xor", *by_name)]
        assert by_name["xor-3"].epochs().equals(store.epochs("xor-3"))
    assert curves[0].height == 8 * 3 and curves[0].equals(curves[1]) and curves[0].equals(curves[2])
    assert by_name["xor-3"].trials()["trial"].to_list() == list(range(17, 25))
    assert by_name["xor-3"].compare("optimizer").height == 2


@pytest.mark.parametrize(
    ("sweep", "words"),
    [
        ({"data": "xor", "axes": {"activation": ["rleu"]}}, "did you mean 'relu'"),
        ({"data": "xor", "axis": {}}, "did you mean 'axes'"),
        ({"data": "xor", "axes": {"architecture": [2.5]}}, "2.5"),
        ({}, "data"),
        ({"data": {}}, "source"),
        ("missing.yaml", "there is no such file"),
    ],
)
def test_mistakes_are_told_in_one_line_and_nothing_is_written(sweep, words):
    with pytest.raises(FitgapError, match=words) as refused:
        run_sweep(sweep)
    assert "\n" not in str(refused.value) and not Path("fitgap.db").exists()


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ({"address": "10.0.0.1"}, "expected HOST:PORT"),
        ({"address": "127.0.0.1:1"}, "nothing answers there"),
        ({"address": "127.0.0.1:1", "engine": "local"}, "drop one"),
    ],
)
def test_a_cluster_that_is_none_is_refused_before_anything_is_written(where, words):
    with pytest.raises(FitgapError, match=words) as refused:
        run_sweep(MAPPING, **where)
    assert "\n" not in str(refused.value) and not Path("fitgap.db").exists()


def test_an_unknown_engine_is_refused_before_anything_is_written():
    with pytest.raises(FitgapError, match="local"):
        run_sweep(MAPPING, engine="lcal")
    assert not Path("fitgap.db").exists()


def test_what_was_interrupted_goes_on(monkeypatch):
    def stop(store, written, **options):
        raise SweepStoppedError(written.name, released=1)

    with monkeypatch.context() as patched:
        patched.setattr(launch, "drive", stop)
        with pytest.raises(KeyboardInterrupt, match=r"resume_sweep\('mine'\)"):
            run_sweep(MAPPING, name="mine", db="mine.db")
    with open_store("mine.db") as store:
        assert set(store.trials("mine")["status"]) == {"pending"}
    finished = resume_sweep("mine", db="mine.db", engine="local")
    assert finished.trials().filter(pl.col("status") != "completed").is_empty()


def test_a_sweep_that_is_renamed_while_it_is_trained_is_known_by_its_new_name(monkeypatch):
    """In the message after an interrupt, and in the result at the end."""
    drive = launch.drive

    def renamed(then):
        def act(store, written, **options):
            store.rename_sweep(written.name, f"{written.name}-new")
            return then(store, written, **options)

        return act

    def stop(store, written, **options):
        raise SweepStoppedError(present_name(store, written), released=1)

    monkeypatch.setattr(launch, "drive", renamed(stop))
    with pytest.raises(KeyboardInterrupt, match=r"resume_sweep\('one-new'\)"):
        run_sweep(MAPPING, name="one")
    monkeypatch.setattr(launch, "drive", renamed(drive))
    finished = run_sweep(MAPPING, name="two", engine="local")
    assert finished.name == "two-new" and finished.trials().height == finished.epochs()["trial"].n_unique()


def test_resuming_what_does_not_exist_makes_no_database():
    with pytest.raises(FitgapError, match="there is no database"):
        resume_sweep("mine")
    assert not Path("fitgap.db").exists()
    open_store_for_writing().close()
    with pytest.raises(FitgapError, match="there is no sweep"):
        resume_sweep("mine")


@pytest.mark.parametrize("sweep", [None, 7, [], b"x.yaml"])
def test_what_is_no_sweep_is_refused_in_one_line(sweep):
    with pytest.raises(FitgapError, match="the path of a sweep file or a mapping with its keys"):
        run_sweep(sweep)
    assert not Path("fitgap.db").exists()


@pytest.mark.parametrize("workers", [0, -3, "2", 1.5, True])
def test_a_number_of_workers_that_cannot_be_is_refused_with_every_engine(workers):
    for engine in ("local", "auto", "ray"):
        with pytest.raises(FitgapError, match="workers must be a whole number from 1"):
            run_sweep({"data": "xor"}, engine=engine, workers=workers)
    assert not Path("fitgap.db").exists()


def test_a_path_names_a_database():
    run_sweep(MAPPING, engine="local", db=Path("some where.db"))
    with open_store(Path("some where.db")) as store:
        assert store.sweeps().height == 1


def test_pruned_trials_train_on_from_python():
    """They get the same numbers as in a sweep without pruning; a filter selects some of them."""
    axes = {"architecture": [2, 3, 4, 5]}
    mapping = {"data": "xor", "training": {"epochs": 4}, "axes": axes, "halving": {"first": 1, "factor": 2}}
    whole = run_sweep({key: each for key, each in mapping.items() if key != "halving"}, name="whole", engine="local")
    halved = run_sweep(mapping, name="halved", engine="local")
    assert halved.trials(where="status == 'pruned'").height == 3
    with pytest.raises(FitgapError, match="has no pruned trials that match where"):
        continue_pruned("halved", where="rung > 99", engine="local")
    with pytest.raises(FitgapError, match="no pruning rule"):
        continue_pruned("whole", engine="local")
    with pytest.raises(FitgapError, match="where must be text, but received 3"):
        continue_pruned("halved", where=3, engine="local")
    told = []
    halved.continue_pruned(where="rung == 2", engine="local", notify=told.append)
    assert "halved: 1 pruned trial to continue, with 2 epochs left" in told
    assert halved.trials(where="status == 'pruned'").height == 2
    assert continue_pruned("halved", engine="local", notify=told.append).name == "halved"
    assert halved.epochs().select("epoch", *MEASURED).equals(whole.epochs().select("epoch", *MEASURED))


def test_rounds_of_repeats_are_a_mapping_and_their_answer_is_told():
    lines = []
    axes = {"optimizer": [{"adam": {"rate": [0.05, 0.0001]}}]}
    sweep = {"data": "iris", "repeats": {"to": np.int64(3)}, "training": {"epochs": 3, "batch_size": 8}, "axes": axes}
    found = run_sweep(sweep, engine="local", notify=lines.append)
    repeats = found.trials()["repeat"].max()
    told = [line for line in lines if line.startswith("iris: ") and f"after {repeats} repeats" in line]
    assert len(told) == 1 and ("is the best with 95 % confidence" in told[0] or "cannot be told apart" in told[0])
