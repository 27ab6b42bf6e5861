"""Writing: sweeps are written completely or not at all, numbers come back bit for bit, ended trials stay ended."""

import math

import numpy as np
import pytest
import sqlalchemy as sa
from fitgap.runner.messages import Block, TrialEnd
from fitgap.runner.store import open_store
from fitgap.runner.store.write import sweeps
from fitgap.runner.trial_status import Status
from hypothesis import given
from hypothesis import strategies as st
from support.profiles import share_of_examples

MEASURED = ("e_t", "e_v", "e_t_running", "se_t", "se_v", "accuracy_t", "accuracy_v", "learning_rate")
SUMMARY = ("e_t", "e_v", "best_e_v", "accuracy_t", "accuracy_v", "seconds")
FINAL = [status for status in Status if status.is_final]


def test_all_trials_of_a_sweep_are_pending_rows_before_anything_runs(store, make_plan, make_configuration):
    configurations = [make_configuration(number, architecture=str(number)) for number in (3, 1, 2)]
    sweep_id, name = store.add_sweep(make_plan(configurations, repeats=2))
    assert name == "plan"
    rows = store.trials(sweep_id)
    assert [(row["architecture"], row["repeat"]) for row in rows] == [
        ("3", 1), ("3", 2), ("1", 1), ("1", 2), ("2", 1), ("2", 2)
    ]  # fmt: skip
    assert {row["status"] for row in rows} == {"pending"}
    assert sum(group["count"] for group in store.pending_groups(sweep_id)) == 6
    assert store.sweep_epochs(sweep_id) == []


@pytest.mark.parametrize("step", ["add_trials", "data_set_number"])
def test_a_failure_in_the_middle_leaves_nothing_of_the_sweep(step, store, make_plan, monkeypatch, ask):
    def fail(*arguments, **options):
        raise OSError("no space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(sweeps, step, fail)
        with pytest.raises(OSError, match="no space left"):
            store.add_sweep(make_plan())
    for table in ("sweep", "data_set", "split", "configuration", "trial"):
        assert ask(f"SELECT count(*) FROM {table}") == [(0,)]


def test_a_trial_that_cannot_be_written_leaves_nothing_of_the_sweep(store, make_plan, make_configuration):
    """The second of two equal configurations is refused by the database, after the sweep's own row was written."""
    twice = [make_configuration(1), make_configuration(1)]
    with pytest.raises(sa.exc.IntegrityError):
        store.add_sweep(make_plan(twice))
    assert store.sweeps() == []
    store.add_sweep(make_plan())
    assert len(store.sweeps()) == 1


def test_a_taken_name_gets_the_next_free_number(store, make_plan):
    names = [store.add_sweep(make_plan(name="digits"))[1] for _ in range(3)]
    assert names == ["digits", "digits-2", "digits-3"]


def test_a_number_that_is_taken_by_name_is_left_out(store, make_plan):
    store.add_sweep(make_plan(name="digits-2"))
    names = [store.add_sweep(make_plan(name="digits"))[1] for _ in range(2)]
    assert names == ["digits", "digits-3"]


@pytest.mark.parametrize("wild", ["a_c", "a%", "%", "_", "a\\", "a/b", "a*", "a'b"])
def test_names_that_hold_wildcards_of_sql_are_taken_literally(wild, store, make_plan):
    store.add_sweep(make_plan(name="abc"))
    names = [store.add_sweep(make_plan(name=wild))[1] for _ in range(3)]
    assert names == [wild, f"{wild}-2", f"{wild}-3"]


def test_names_that_differ_in_case_are_different_names(store, make_plan):
    names = [store.add_sweep(make_plan(name=name))[1] for name in ("digits", "Digits", "digits")]
    assert names == ["digits", "Digits", "digits-2"]


def test_sweeps_on_the_same_data_share_its_row(store, make_plan, ask):
    for _ in range(2):
        store.add_sweep(make_plan())
    assert ask("SELECT count(*) FROM data_set") == [(1,)]


def test_numbers_that_are_not_finite_become_null_and_nothing_else_does(store, driver, make_plan, make_rows):
    sweep_id, _ = store.add_sweep(make_plan())
    (trial, *_) = [row["trial"] for row in store.trials(sweep_id)]
    bad = [math.nan, math.inf, -math.inf, 0.0]
    rows = make_rows([trial] * 4, [1, 2, 3, 4], **{name: bad for name in MEASURED})
    driver.claim([trial])
    driver.record(Block(rows, (TrialEnd(trial, Status.DIVERGED, e_t=math.inf, e_v=math.nan, best_e_v=1.0),)))
    written = store.epochs([trial])
    for name in MEASURED:
        assert [row[name] for row in written] == [None, None, None, 0.0]
    ended = store.trials(sweep_id)[0]
    assert (ended["e_t"], ended["e_v"], ended["best_e_v"]) == (None, None, 1.0)
    assert ended["accuracy_v"] is None and ended["seconds"] is None


@share_of_examples(0.4)
@given(value=st.floats(allow_nan=False, allow_infinity=False, allow_subnormal=True) | st.just(5e-324))
def test_every_finite_double_comes_back_bit_for_bit(value, store, driver, make_plan, make_rows, same_bits, database):
    sweep_id, _ = store.add_sweep(make_plan(1, 1))
    (trial,) = [row["trial"] for row in store.trials(sweep_id)]
    driver.claim([trial])
    driver.record(Block(make_rows([trial], [1], **{name: [value] for name in MEASURED}), ()))
    driver.record(Block(None, (TrialEnd(trial, Status.COMPLETED, **dict.fromkeys(SUMMARY, value)),)))
    value += 0.0  # SQLite stores whole numbers as integers, which have no -0.0: both databases return 0.0.
    with open_store(database) as reading:
        (epoch,), (row,) = reading.epochs([trial]), reading.trials(sweep_id)
    assert all(same_bits(epoch[name], value) for name in MEASURED)
    assert all(same_bits(row[name], value) for name in SUMMARY)


def test_float32_numbers_are_stored_as_the_double_they_are(store, driver, make_plan, make_rows):
    sweep_id, _ = store.add_sweep(make_plan(1, 1))
    (trial,) = [row["trial"] for row in store.trials(sweep_id)]
    rows = make_rows([trial], [1])
    object.__setattr__(rows, "e_t", np.array([0.1], np.float32))
    driver.claim([trial])
    driver.record(Block(rows, ()))
    assert store.epochs([trial])[0]["e_t"] == float(np.float32(0.1))


def test_a_block_is_written_as_a_whole_or_not_at_all(store, driver, make_plan, make_rows):
    """Its second row already exists, so neither the first row nor the end of the trial may be stored."""
    sweep_id, _ = store.add_sweep(make_plan(1, 1))
    (trial,) = [row["trial"] for row in store.trials(sweep_id)]
    driver.claim([trial])
    driver.record(Block(make_rows([trial], [2]), ()))
    with pytest.raises(sa.exc.IntegrityError):
        driver.record(Block(make_rows([trial] * 2, [1, 2]), (TrialEnd(trial, Status.COMPLETED),)))
    assert [row["epoch"] for row in store.epochs([trial])] == [2]
    assert store.trials(sweep_id)[0]["status"] == "running"


def test_starting_a_trial_raises_its_attempt(store, driver, make_plan):
    sweep_id, _ = store.add_sweep(make_plan(1, 2))
    first, second = [row["trial"] for row in store.trials(sweep_id)]
    driver.claim([first])
    assert (store.show(first)["status"], store.show(first)["attempt"]) == ("running", 1)
    assert (store.show(second)["status"], store.show(second)["attempt"]) == ("pending", 0)
    driver.release()
    driver.claim([first, second])
    assert (store.show(first)["attempt"], store.show(second)["attempt"]) == (2, 1)


@pytest.mark.parametrize("status", FINAL)
def test_how_a_trial_ended_never_changes(status, store, driver, make_plan, end_trial):
    sweep_id, _ = store.add_sweep(make_plan(1, 1))
    (trial,) = [row["trial"] for row in store.trials(sweep_id)]
    end_trial(driver, trial, status, e_v=1.0, reason="first")
    before = store.show(trial)
    for other in FINAL:
        driver.record(Block(None, (TrialEnd(trial, other, e_v=2.0, reason="second"),)))
    assert store.show(trial) == before
    assert driver.release() == 0
    assert store.show(trial) == before


def test_a_pending_trial_cannot_end_without_having_run(store, driver, make_plan):
    sweep_id, _ = store.add_sweep(make_plan(1, 1))
    (trial,) = [row["trial"] for row in store.trials(sweep_id)]
    driver.record(Block(None, (TrialEnd(trial, Status.COMPLETED, e_v=1.0),)))
    assert store.trials(sweep_id)[0]["status"] == "pending"
    assert store.trials(sweep_id)[0]["e_v"] is None


def test_starting_a_trial_that_has_ended_does_not_run_it_again(store, driver, make_plan, end_trial):
    """Two drivers may have listed it as pending; the slower one must not undo what the faster one found."""
    sweep_id, _ = store.add_sweep(make_plan(1, 1))
    (trial,) = [row["trial"] for row in store.trials(sweep_id)]
    end_trial(driver, trial, Status.COMPLETED)
    driver.claim([trial])
    assert store.trials(sweep_id)[0]["status"] == "completed"


def test_release_puts_running_trials_back_and_keeps_their_epochs(store, driver, make_plan, make_rows, end_trial):
    """Epochs once written are never lost; the next attempt overwrites them."""
    sweep_id, _ = store.add_sweep(make_plan(3, 1))
    done, running, waiting = [row["trial"] for row in store.trials(sweep_id)]
    end_trial(driver, done)
    driver.claim([running])
    driver.record(Block(make_rows([running], [1]), ()))
    assert driver.release() == 1
    assert [row["status"] for row in store.trials(sweep_id)] == ["completed", "pending", "pending"]
    (group,) = store.pending_groups(sweep_id)
    assert store.pending_numbers(sweep_id, group).tolist() == [running, waiting]
    assert [row["trial"] for row in store.sweep_epochs(sweep_id)] == [running]
