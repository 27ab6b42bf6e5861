"""Deleting removes all that was named and nothing else, in one transaction, and never trials in training."""

from dataclasses import replace

import numpy as np
import pytest
import sqlalchemy as sa
from fitgap.runner.errors import BusyError
from fitgap.runner.messages import Block, KeptNetwork, SavedState, TrialEnd
from fitgap.runner.store import SweepExtension
from fitgap.runner.store.schema.tables import driver as driver_table
from fitgap.runner.store.schema.tables import metadata
from fitgap.runner.store.write import claims, delete
from fitgap.runner.trial_status import Status
from support.sampling import on_sqlite_per_commit

PER_TRIAL = ("epoch", "snapshot", "state", "evidence", "trial_tag")
COUNTED = (*PER_TRIAL, "trial", "configuration", "split", "sweep_tag", "sweep")


@pytest.fixture
def write(store):
    """`write(statement)`: change the database behind the drivers' backs."""

    def run(statement):
        with store._engine.begin() as connection:
            connection.execute(statement)

    return run


@pytest.fixture
def filled(store, driver, make_plan, make_rows, write):
    """Two sweeps of four completed trials with rows in every table: 1 to 4 in `one`, 5 to 8 in `two`."""
    for name in ("one", "two"):
        sweep_id, _ = store.add_sweep(make_plan(2, 2, name=name))
        numbers = [row["trial"] for row in store.trials(sweep_id)]
        driver.claim(numbers)
        for trial in numbers:
            kept = (KeptNetwork(trial, 2, np.zeros(3)),)
            state = (SavedState(trial, 2, {"parameters": np.zeros(3)}),)
            end = (TrialEnd(trial, Status.COMPLETED, epochs=2, e_t=0.5, e_v=0.5, best_e_t=0.5, best_e_v=0.5),)
            driver.record(Block(make_rows([trial, trial], [1, 2]), end, states=state, kept=kept))
            write(sa.insert(metadata.tables["evidence"]).values(trial_id=trial, statistics={}, content=bytes(16)))
        store.add_tags([name], ["tag"])
        store.add_tags([",".join(map(str, numbers))], ["tag"])
    return store


@pytest.fixture
def counts(ask):
    """`counts()`: how many rows every table has."""
    return lambda: {table: ask(f"SELECT count(*) FROM {table}")[0][0] for table in COUNTED}


def test_a_sweep_goes_with_all_that_belongs_to_it_and_no_other(filled, counts, ask):
    before, rest = counts(), (filled.trials("two"), filled.sweep_epochs("two"), filled.labels(["5,6,7,8"]))
    told = filled.delete(["one"])
    assert (told.sweeps, told.trials, told.epochs, told.networks) == (("one",), 4, 8, 4)
    assert str(told) == "one: 4 trials, 8 epochs, 4 kept networks"
    assert counts() == {table: count // 2 for table, count in before.items()}
    assert (filled.trials("two"), filled.sweep_epochs("two"), filled.labels(["5,6,7,8"])) == rest
    filled.delete(["two"])
    assert set(counts().values()) == {0}


def test_a_trial_goes_with_its_epochs_and_leaves_its_configuration(filled, counts):
    before = counts()
    assert str(filled.delete(["2", "7"])) == "2 trials, 4 epochs, 2 kept networks"
    after = counts()
    assert {table: before[table] - after[table] for table in COUNTED if before[table] != after[table]} == {
        "trial": 2, "epoch": 4, "snapshot": 2, "state": 2, "evidence": 2, "trial_tag": 2
    }  # fmt: skip
    assert [row["trial"] for row in filled.trials("one")] == [1, 3, 4]


def test_every_table_that_belongs_to_a_trial_is_emptied_by_name():
    """The cascades would do it too, but much more slowly."""
    referring = {
        table.name for table in metadata.sorted_tables for key in table.foreign_keys if key.column.table.name == "trial"
    }
    assert {part.name for part in delete.PARTS} == referring


def test_what_would_go_is_told_before(filled):
    assert filled.deletion(["one", "two"]) == filled.delete(["two", "one"])


@pytest.mark.parametrize("words", [["one"], ["1"], ["2,1"]])
def test_what_is_being_trained_is_not_deleted(words, store, driver, make_plan, counts):
    store.add_sweep(make_plan(2, 2, name="one"))
    driver.claim([1])
    before = counts()
    with pytest.raises(BusyError, match="is training some of these trials"):
        store.delete(words)
    assert counts() == before
    # Other trials of the sweep can be deleted meanwhile, and so can cancelled ones.
    store.delete(["4"])
    store.cancel_trials(1)
    store.delete(words)


def test_a_driver_drops_what_was_deleted_under_it(store, driver, make_plan, make_rows, counts):
    store.add_sweep(make_plan(2, 2, name="one"))
    driver.claim([1, 2])
    store.cancel_trials(1, [1])
    store.delete(["1"])
    ends = tuple(TrialEnd(trial, Status.COMPLETED, epochs=1) for trial in (1, 2))
    assert driver.record(Block(make_rows([1, 2], [1, 1]), ends)) == {1}
    assert counts()["epoch"] == 1 and [row["status"] for row in store.trials(1)] == ["completed", "pending", "pending"]
    assert driver.claim([1, 3]) == {3}


@on_sqlite_per_commit
@pytest.mark.parametrize("gone", ["the process", "the lease"])
def test_what_a_dead_driver_has_left_can_be_deleted(gone, store, identity, make_plan, write):
    store.add_sweep(make_plan(1, 1, name="one"))
    if gone == "the process":
        session = store.begin_driver(replace(identity, process_started="long ago"))
    else:
        session = store.begin_driver(replace(identity, machine="elsewhere"))
    session.claim([1])
    if gone == "the lease":
        with pytest.raises(BusyError):
            store.delete(["one"])
        write(sa.update(driver_table).values(lease_until=claims.database_now() - 1))
    store.delete(["one"])
    assert store.sweeps() == []


def test_a_failure_in_the_middle_deletes_nothing(filled, counts, monkeypatch):
    before = counts()
    with monkeypatch.context() as patched:
        # The last table, when all other rows have been deleted.
        patched.setattr(delete, "sweep_tag", sa.table("missing", sa.column("sweep_id")))
        with pytest.raises(sa.exc.DBAPIError):
            filled.delete(["one"])
    assert counts() == before


def extension(make_configuration, *, configurations=(), repeats=(), known):
    splits = [
        {"repeat": each, "training_count": 7, "validation_count": 3, "constant_columns": [], "preprocessing": {}}
        for each in repeats
    ]
    return SweepExtension({"name": "one"}, splits, [make_configuration(each) for each in configurations], known, {})


def test_a_deleted_trial_does_not_come_back_by_extending(store, make_plan, make_configuration):
    sweep_id, _ = store.add_sweep(make_plan(2, 2, name="one"))
    first, second = (row["configuration"] for row in store.trials(sweep_id)[::2])
    # One repeat of the first configuration, and all of the second.
    store.delete(["2,3,4"])
    assert store.extend_sweep(sweep_id, extension(make_configuration, known=2)) == (0, 0)
    more = extension(make_configuration, configurations=[7], repeats=[3], known=2)
    assert store.extend_sweep(sweep_id, more) == (1 + 3, 0)
    found = [(row["configuration"], row["repeat"]) for row in store.trials(sweep_id)]
    third = make_configuration(7)["hash"]
    assert sorted(found) == sorted([(first, 1), (first, 3), *((third, repeat) for repeat in (1, 2, 3))])
    assert second not in {configuration for configuration, _ in found}


def test_the_others_are_held_against_another_reference_when_it_goes(store, driver, make_plan, end_trial):
    sweep_id, _ = store.add_sweep(make_plan(3, 1, name="one"))
    for trial, error in ((1, 0.25), (2, 0.5), (3, 1.0)):
        end_trial(driver, trial, epochs=1, best_epoch=1, e_t=error, e_v=error, best_e_t=error, best_e_v=error)
    store.refresh_fit(sweep_id)
    assert [row["underfit"] for row in store.trials(sweep_id)] == [0, 0.25, 0.75]
    store.delete(["1"])
    assert [row["underfit"] for row in store.trials(sweep_id)] == [0, 0.5]
