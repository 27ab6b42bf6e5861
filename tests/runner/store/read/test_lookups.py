"""Rows of StoreReader: their keys, their order, and their numbers compared with those computed in plain Python."""

import math
import random
import statistics

import pytest
from fitgap.core.fit_verdicts import Verdict
from fitgap.runner.messages import Block, TrialEnd
from fitgap.runner.trial_status import Status
from hypothesis import given
from hypothesis import strategies as st
from support.profiles import share_of_examples
from support.sampling import on_sqlite_per_commit

MEANS = ("e_t", "e_v", "gap", "best_epoch", "best_e_v", "accuracy_t", "accuracy_v", "seconds")
SETTINGS = (
    *("architecture", "layers", "activation", "regularizer", "optimizer", "learning_rate", "batch_size", "parameters"),
    *("configuration", "output_activation", "initializer", "loss", "planned_epochs"),
)


def fill(store, driver, sweep_id, rng):
    """End the trials of a sweep at random, most of them completed; returns what was written, by trial."""
    written = {}
    for row in store.trials(sweep_id):
        status = rng.choices([Status.COMPLETED, Status.DIVERGED, Status.FAILED, None], [12, 1, 1, 1])[0]
        best_e_v = rng.choice([rng.random(), 0.25])
        numbers = {
            "epochs": rng.randint(1, 30),
            "e_t": rng.choice([rng.random(), 0.25]),
            "e_v": best_e_v + rng.random(),
            "best_epoch": rng.randint(1, 30),
            "best_e_t": rng.random(),
            "best_e_v": best_e_v,
            "accuracy_t": rng.random(),
            "accuracy_v": rng.choice([rng.random(), math.nan]),
            "seconds": rng.random(),
        }
        if status is Status.FAILED:
            numbers = {}
        elif status is Status.DIVERGED:
            # The lowest error of all, before it diverged.
            numbers.update(e_v=math.inf, best_e_v=0.0)
        if status:
            driver.claim([row["trial"]])
            driver.record(Block(None, (TrialEnd(row["trial"], status, **numbers),)))
        written[row["trial"]] = {**row, **numbers, "status": status or Status.PENDING}
    return written


def reference_of(written):
    """Of configurations whose repeats all completed, the one with the lowest mean best E_v: its trials by repeat."""
    by_configuration = {}
    for trial in written.values():
        by_configuration.setdefault(trial["configuration"], []).append(trial)
    whole = [
        trials for trials in by_configuration.values() if all(trial["status"] is Status.COMPLETED for trial in trials)
    ]
    best = min(whole, key=lambda trials: statistics.fmean(trial["best_e_v"] for trial in trials), default=[])
    return {trial["repeat"]: trial for trial in best}


@pytest.fixture
def filled(store, driver, make_plan, make_configuration):
    """`filled(seed, configurations, repeats)`: the number of a sweep ended by `fill`, and what was written."""

    def make(seed, configurations=6, repeats=3):
        rng = random.Random(seed)
        rows = [
            make_configuration(
                number,
                activation=rng.choice(["relu", "tanh"]),
                optimizer=rng.choice(["adam:rate=0.001", "rmsprop:rate=0.01"]),
                architecture=rng.choice(["4", "none"]),
            )
            for number in range(configurations)
        ]
        sweep_id, _ = store.add_sweep(make_plan(rows, repeats))
        return sweep_id, fill(store, driver, sweep_id, rng)

    return make


def test_rows_have_exactly_the_keys_of_the_contract_in_its_order(store, driver, make_plan, make_rows, contract):
    sweep_id, _ = store.add_sweep(make_plan())
    trial = store.trials(sweep_id)[0]["trial"]
    driver.claim([trial])
    driver.record(Block(make_rows([trial], [1]), ()))
    assert list(store.sweeps()[0]) == contract["sweep"]
    assert list(store.trials(sweep_id)[0]) == contract["trial"]
    assert list(store.epochs([trial])[0]) == contract["epoch"]
    assert list(store.sweep_epochs(sweep_id)[0]) == contract["epoch"]
    assert list(store.show(trial))[: len(contract["trial"])] == contract["trial"]


def test_a_sweep_counts_its_trials_in_every_status(store, filled):
    sweep_id, written = filled(1)
    (row,) = store.sweeps()
    assert (row["sweep"], row["trials"]) == (sweep_id, len(written))
    for status in Status:
        assert row[status] == sum(trial["status"] is status for trial in written.values())


def test_a_trial_shows_its_data_its_split_and_the_names_of_constant_columns(store, make_plan):
    store.add_sweep(make_plan(name="shown"))
    row = store.show(1)
    assert (row["sweep"], row["data"], row["settings"]) == ("shown", "made", {"number": 0})
    assert (row["training_count"], row["validation_count"]) == (7, 3)
    # The split stores index 1, which is the second name.
    assert row["constant_columns"] == ["right"]


def test_trials_are_sorted_by_any_key_both_ways_with_nulls_last(store, filled, contract):
    sweep_id, _ = filled(2)
    for key in (key for key in contract["trial"] if key != "tags"):
        upwards = [row[key] for row in store.trials(sweep_id, sort=key)]
        downwards = [row[key] for row in store.trials(sweep_id, sort=f"-{key}")]
        known = sorted(value for value in upwards if value is not None)
        nulls = [None] * (len(upwards) - len(known))
        assert upwards == known + nulls
        assert downwards == known[::-1] + nulls


def test_equal_trials_stand_in_the_order_of_their_numbers(store, filled):
    sweep_id, _ = filled(3)
    for sort in ("batch_size", "-batch_size"):
        assert [row["trial"] for row in store.trials(sweep_id, sort=sort)] == sorted(store_trials(store, sweep_id))


def store_trials(store, sweep_id):
    return [row["trial"] for row in store.trials(sweep_id)]


def test_a_limit_gives_the_first_rows_of_the_order(store, filled):
    sweep_id, _ = filled(4)
    everything = store.trials(sweep_id, sort="-e_v")
    assert store.trials(sweep_id, sort="-e_v", limit=4) == everything[:4]


def test_trials_and_groups_of_other_sweeps_are_not_counted_in(store, filled):
    first, _ = filled(5)
    before = store.trials(first), store.compare(first, ["activation"]), store.sweep_epochs(first)
    filled(6)
    assert (store.trials(first), store.compare(first, ["activation"]), store.sweep_epochs(first)) == before


@given(seed=st.integers(0, 10**6), configurations=st.integers(1, 6), repeats=st.integers(1, 3))
@share_of_examples(0.2)
def test_underfit_and_overfit_are_the_parts_of_the_excess_over_the_reference(
    seed, configurations, repeats, store, filled
):
    """Compared with the definition in docs/explanation/fit.md, computed in Python for trials that ended at random."""
    sweep_id, written = filled(seed, configurations, repeats)
    store.refresh_fit(sweep_id)
    reference = reference_of(written)
    for row in store.trials(sweep_id):
        trial = written[row["trial"]]
        if trial["status"] is not Status.COMPLETED or not reference:
            assert (row["underfit"], row["overfit"], row["verdict"]) == (None, None, None)
            continue
        beside = reference[trial["repeat"]]
        excess = trial["e_v"] - beside["best_e_v"]
        assert row["underfit"] == pytest.approx(trial["e_t"] - beside["best_e_t"], rel=1e-12, abs=1e-12)
        assert row["underfit"] + row["overfit"] == pytest.approx(excess, rel=1e-12, abs=1e-12)
        assert row["gap"] == trial["e_v"] - trial["e_t"]
        assert row["verdict"] in set(Verdict)


def test_a_diverged_configuration_is_never_the_reference(store, driver, make_plan, end_trial):
    """Its error before it diverged was the lowest, and one of its repeats even completed."""
    sweep_id, _ = store.add_sweep(make_plan(2, 2))
    first, second, third, fourth = store_trials(store, sweep_id)
    end_trial(driver, first, Status.DIVERGED, e_v=math.inf, best_e_t=0.0, best_e_v=0.0)
    end_trial(driver, second, Status.COMPLETED, e_t=0.0, e_v=0.0, best_e_t=0.0, best_e_v=0.0)
    for trial in (third, fourth):
        end_trial(driver, trial, Status.COMPLETED, e_t=1.0, e_v=2.0, best_e_t=0.5, best_e_v=1.5)
    store.refresh_fit(sweep_id)
    rows = {row["trial"]: row for row in store.trials(sweep_id)}
    assert (rows[third]["underfit"], rows[third]["overfit"]) == (0.5, 0.0)
    assert (rows[second]["underfit"], rows[second]["overfit"]) == (-0.5, -1.0)
    assert rows[first]["underfit"] is None


def test_a_diverged_trial_never_comes_first_by_its_last_error(store, driver, make_plan, end_trial):
    sweep_id, _ = store.add_sweep(make_plan(2, 1))
    diverged, completed = store_trials(store, sweep_id)
    end_trial(driver, diverged, Status.DIVERGED, e_t=-math.inf, e_v=math.nan, best_e_v=math.nan)
    end_trial(driver, completed, Status.COMPLETED, e_t=1e300, e_v=1e300, best_e_v=1e300)
    for sort in ("e_t", "-e_t", "e_v", "-e_v", "best_e_v", "-best_e_v"):
        assert store.trials(sweep_id, sort=sort)[0]["trial"] == completed


@on_sqlite_per_commit
@given(seed=st.integers(0, 10**6), by=st.lists(st.sampled_from(SETTINGS), min_size=1, max_size=3, unique=True))
@share_of_examples(0.2)
def test_groups_hold_the_means_of_their_completed_trials(seed, by, store, filled, make_configuration):
    sweep_id, written = filled(seed)
    more = make_configuration(0)
    groups = {}
    for trial in written.values():
        key = tuple(trial.get(name, more.get(name)) for name in by)
        groups.setdefault(key, []).append(trial)
    rows = store.compare(sweep_id, by)
    assert {tuple(row[name] for name in by) for row in rows} == set(groups)
    for row in rows:
        check_group(row, groups[tuple(row[name] for name in by)])


def check_group(row, trials):
    completed = [trial for trial in trials if trial["status"] is Status.COMPLETED]
    assert row["trials"] == len(trials)
    assert row["completed"] == len(completed)
    assert row["configurations"] == len({trial["configuration"] for trial in trials})
    for name in MEANS:
        values = [trial["e_v"] - trial["e_t"] if name == "gap" else trial[name] for trial in completed]
        values = [value for value in values if not math.isnan(value)]
        if values:
            assert row[name] == pytest.approx(statistics.fmean(values), rel=1e-12, abs=1e-12)
        else:
            assert row[name] is None


@on_sqlite_per_commit
@pytest.mark.parametrize("seed", range(8))
def test_groups_stand_by_best_e_v_those_with_trials_that_did_not_complete_last(seed, store, filled):
    sweep_id, _ = filled(seed)
    rows = store.compare(sweep_id, ["configuration"])
    places = [(row["completed"] < row["trials"], row["best_e_v"] is None, row["best_e_v"] or 0.0) for row in rows]
    assert places == sorted(places)
    assert store.compare(sweep_id, ["configuration"], limit=2) == rows[:2]


def test_epochs_stand_in_the_order_of_trials_and_epochs_whenever_they_were_written(store, driver, make_plan, make_rows):
    sweep_id, _ = store.add_sweep(make_plan(1, 2))
    first, second = store_trials(store, sweep_id)
    driver.claim([first, second])
    driver.record(Block(make_rows([second, first], [1, 1]), ()))
    driver.record(Block(make_rows([second, first], [2, 2]), ()))
    expected = [(first, 1), (first, 2), (second, 1), (second, 2)]
    assert [(row["trial"], row["epoch"]) for row in store.sweep_epochs(sweep_id)] == expected
    assert store.epochs([second, first]) == store.sweep_epochs(sweep_id)
    assert [row["trial"] for row in store.epochs([second])] == [second, second]


def test_a_sweep_is_found_by_name_and_by_number(store, make_plan):
    for name in ("one", "two"):
        store.add_sweep(make_plan(name=name))
    assert store.sweep("two")["id"] == store.sweep("2")["id"] == store.sweep(2)["id"] == 2
    assert store.sweep("one")["name"] == "one"
