"""The examples of a sweep or of a trial, as `fitgap data` and Python return them."""

import numpy as np
import polars as pl
import pytest
from fitgap import open_store, run_sweep
from fitgap.core.preprocessing import prepare_examples
from fitgap.runner.errors import StoreError
from fitgap.runner.retraining import stored_trial
from fitgap.runner.store import open_store as open_rows

# These tests share slow fixtures, so they run in one worker.
pytestmark = pytest.mark.xdist_group("used examples")


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    path = str(tmp_path_factory.mktemp("data") / "s.db")
    axes = {"training_examples": [20, "all"], "label_noise": [0, 0.2]}
    sweep = {
        "name": "flowers",
        "data": {"source": "iris", "test": 0.2},
        "repeats": 2,
        "training": {"epochs": 1},
        "axes": axes,
    }
    run_sweep(sweep, db=path, engine="local", notify=lambda line: None)
    table = {"name": "truth", "data": "xor", "training": {"epochs": 1}}
    run_sweep(table, db=path, engine="local", notify=lambda line: None)
    wave = {"name": "wave", "data": {"source": "sine", "resample": "data"}, "repeats": 2, "training": {"epochs": 1}}
    run_sweep(wave, db=path, engine="local", notify=lambda line: None)
    return path


def test_every_example_is_on_one_side(database):
    with open_store(database) as store:
        found = store.data("flowers", repeat=2)
        assert store.data("flowers").height == 150
    assert found["example"].to_list() == list(range(1, 151))
    assert dict(found["side"].value_counts().iter_rows()) == {"training": 84, "validation": 36, "test": 30}
    assert found["species"].unique().sort().to_list() == ["setosa", "versicolor", "virginica"]


def test_a_trial_has_the_examples_that_it_was_trained_on(database):
    with open_rows(database) as store:
        (row, *_) = store.trials("flowers", where="training_examples == 20 and label_noise > 0 and repeat == 2")
        trial, prepared = stored_trial(store, store.show(row["trial"]))
    preparation = prepared.preparation_for(trial.configuration)
    examples = prepare_examples(prepared.dataset, preparation, prepared.reading, seed=0, repeat=2, dtype="float64")
    with open_store(database) as store:
        found = store.data(row["trial"], scaled=True)
        plain = store.data(row["trial"])
    assert dict(found["side"].value_counts().iter_rows()) == {
        "training": 20, "validation": 36, "test": 30, "unused": 64
    }  # fmt: skip
    training = found.filter(pl.col("side") == "training")
    names = list(prepared.dataset.input_names)
    assert training.select(names).to_numpy().tolist() == examples.training_inputs.tolist()
    classes = [prepared.dataset.class_names[each] for each in examples.training_targets.argmax(axis=1)]
    assert training["species"].to_list() == classes
    assert training["replaced"].sum() == found["replaced"].sum() == 4
    true = [prepared.dataset.class_names[int(each)] for each in prepared.dataset.targets[training["example"] - 1, 0]]
    assert (training["species"] != pl.Series(true)).to_list() == training["replaced"].to_list()
    assert plain.select(names).to_numpy().tolist() == prepared.dataset.inputs.tolist()


def test_numeric_targets_are_scaled_as_networks_get_them(database):
    with open_store(database) as store:
        frames = [store.data("wave", repeat=repeat, scaled=True, side="training") for repeat in (1, 2)]
        raw = [store.data("wave", repeat=repeat, side="training") for repeat in (1, 2)]
    for frame in frames:
        assert frame["y"].mean() == pytest.approx(0, abs=1e-12)
        assert frame["y"].std(ddof=0) == pytest.approx(1)
    # Every repeat has examples of its own.
    assert not set(raw[0]["x"]) & set(raw[1]["x"])


def test_an_example_that_trains_and_validates_comes_twice(database):
    with open_store(database) as store:
        found = store.data("truth")
    assert found["example"].to_list() == [1, 1, 2, 2, 3, 3, 4, 4]
    assert found["side"].to_list() == ["training", "validation"] * 4


@pytest.mark.parametrize(
    ("what", "options", "message"),
    [
        ("flowers", {"repeat": 3}, "there is no repeat 3; the sweep has repeats 1 to 2"),
        ("flowers", {"repeat": 0}, "there is no repeat 0; the sweep has repeats 1 to 2"),
        ("flowers", {"side": "train"}, "there is no side 'train'; known: training, validation, test, unused"),
        (1, {"repeat": 2}, "trial 1 is of repeat 1, not 2"),
        ("roses", {}, "there is no sweep 'roses'"),
        (999, {}, "there is no trial 999"),
    ],
)
def test_what_does_not_exist_is_refused(database, what, options, message):
    with open_store(database) as store, pytest.raises(StoreError, match=message):
        store.data(what, **options)


def test_an_input_called_like_a_column_gets_a_number(tmp_path):
    (tmp_path / "sides.csv").write_text("side,example,y\n" + "".join(f"{n % 5},{n % 7},{n % 2}\n" for n in range(40)))
    sweep = {"data": {"source": str(tmp_path / "sides.csv"), "target": "y"}, "training": {"epochs": 1}}
    run_sweep(sweep, db="s.db", engine="local", notify=lambda line: None)
    with open_store("s.db") as store:
        found = store.data("sides")
    assert found.columns == ["example", "side", "side_2", "example_2", "y"]
    assert found["side_2"].to_list() == [n % 5 for n in range(40)]


def test_the_command_writes_every_format(database, invoke, tmp_path):
    table = invoke("data", "flowers", "--db", database)
    assert table.code == 0
    assert "150 examples: 84 training, 36 validation, 30 test" in table.out
    rows = invoke("data", "flowers", "--side", "test", "--db", database, "--format", "json").json
    assert len(rows) == 30
    assert list(rows[0])[:2] == ["example", "side"]
    for suffix in ("csv", "json", "parquet", "npz"):
        assert invoke("data", "flowers", "--db", database, "--scaled", "-o", f"out.{suffix}").code == 0
    with open_store(database) as store:
        expected = store.data("flowers", scaled=True)
    assert pl.read_parquet("out.parquet").equals(expected)
    assert pl.read_csv("out.csv").equals(expected)
    with np.load("out.npz", allow_pickle=False) as arrays:
        assert arrays["inputs"].tolist() == expected.select(expected.columns[3:-1]).to_numpy().tolist()
        assert arrays["scaled"] and expected["scaled"].all() and "scaled" not in rows[0]
        assert arrays["side"].tolist() == expected["side"].to_list()
        assert arrays["class_names"][arrays["targets"][:, 0].astype(int)].tolist() == expected["species"].to_list()


def test_the_command_shows_as_many_examples_as_wanted(database, invoke, tmp_path):
    whole = invoke("data", "flowers", "--db", database, "--format", "json").json
    assert invoke("data", "flowers", "--db", database, "--limit", "3", "--format", "json").json == whole[:3]
    table = invoke("data", "flowers", "--db", database, "--limit", "3").out
    assert "150 examples: 84 training, 36 validation, 30 test; the first 3 are shown" in table
    assert len(table.splitlines()) < 12
    assert invoke("data", "flowers", "--db", database, "--limit", "2", "-o", "few.npz").code == 0
    with np.load("few.npz", allow_pickle=False) as arrays:
        assert len(arrays["inputs"]) == len(arrays["targets"]) == 2


def test_the_command_refuses_with_the_usual_exit_codes(database, invoke):
    missing = invoke("data", "flowers", "--repeat", "7", "--db", database)
    assert (missing.code, missing.err) == (2, "fitgap: there is no repeat 7; the sweep has repeats 1 to 2\n")
    assert invoke("data", "flowers", "--side", "left", "--db", database).code == 2
    assert invoke("data", "truth", "--side", "test", "--db", database).out == "no examples on this side\n"
