"""Statistics of layers as rows: those of the evidence, in order, as shares."""

import json
import sqlite3
from contextlib import closing

import pytest
from fitgap.runner.errors import StoreError
from fitgap.runner.store import open_store


@pytest.fixture
def trained(trained_database):
    with open_store(str(trained_database)) as store:
        yield store


@pytest.fixture
def stored(trained_database):
    """The statistics in the database, by trial."""
    with closing(sqlite3.connect(trained_database)) as connection, connection:
        rows = connection.execute("SELECT trial_id, statistics FROM evidence ORDER BY trial_id").fetchall()
    return {number: json.loads(text)["layers"] for number, text in rows}


def test_every_layer_of_every_completed_trial_is_a_row(trained, stored):
    rows = trained.layers("small")
    assert [(row["trial"], row["layer"]) for row in rows] == [
        (number, place) for number, layers in stored.items() for place in range(1, len(layers) + 1)
    ]
    for row in rows:
        layer = stored[row["trial"]][row["layer"] - 1]
        assert (row["kind"] == "output") is (row["layer"] == len(stored[row["trial"]]))
        assert row["units"] * row["dead"] == pytest.approx(layer["dead"])
        assert row["units"] * row["saturated"] == pytest.approx(layer["saturated"])
        assert row["weights"] * row["near_zero"] == pytest.approx(layer["near_zero"])
        assert row["rms_start"] * row["growth"] == pytest.approx(layer["rms"])


def test_a_filter_chooses_trials_and_a_number_one(trained, stored):
    some = trained.layers("small", "repeat = 1")
    assert some and {row["repeat"] for row in some} == {1}
    number = some[-1]["trial"]
    assert trained.layers(number) == [row for row in some if row["trial"] == number]


def test_a_trial_that_has_not_completed_has_none_and_an_unknown_one_is_an_error(trained, stored):
    missing = next(row["trial"] for row in trained.trials("small") if row["trial"] not in stored)
    assert trained.layers(missing) == []
    with pytest.raises(StoreError, match="no trial 10000"):
        trained.layers(10_000)
