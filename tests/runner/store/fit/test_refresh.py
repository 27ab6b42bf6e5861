"""The stored fit of trials and configurations follows the rule relative to the reference, and is never stale."""

import itertools
import random
import threading
from dataclasses import replace

import numpy as np
import pytest
import sqlalchemy as sa
from fitgap.core.fit_verdicts import RULE, Skill
from fitgap.core.small_samples import SmallSample
from fitgap.runner.messages import Block, TrialEnd, TrialEvidence
from fitgap.runner.store import open_store_for_writing
from fitgap.runner.store.compare.floor import SweepFloor
from fitgap.runner.store.database.blobs import packed_errors, unpacked_errors
from fitgap.runner.store.fit import refresh
from fitgap.runner.trial_status import Status
from support.sampling import on_sqlite_per_commit
from support.store.expected_fits import (
    DIVERGED,
    FIT,
    TRAINING_COUNT,
    VALIDATION_COUNT,
    end_with_evidence,
    expected_fits,
)


@pytest.fixture
def sweep(store, driver, make_plan):
    """`sweep(seed)`: the number of a sweep whose trials have all ended, some diverged, and what was written."""

    def make(seed):
        luck, rng = random.Random(seed), np.random.default_rng(seed)
        sweep_id, _ = store.add_sweep(make_plan(6, 3, name=f"made {seed}"))
        groups = {}
        rows = store.trials(sweep_id)
        for row in luck.sample(rows, len(rows)):
            # The first configuration always completes, so that there is a reference.
            is_bad = row["configuration"] != f"{0:016x}" and luck.random() < 0.15
            status = Status.DIVERGED if is_bad else Status.COMPLETED
            written = end_with_evidence(driver, row["trial"], rng, status, is_honest=seed % 2 == 0)
            groups.setdefault(row["configuration"], {})[row["repeat"]] = row["trial"], written
        return sweep_id, groups

    return make


def stored(ask, table, key):
    columns = f"{key}, {', '.join(FIT)}, verdict"
    return {row[0]: row[1:] for row in ask(f"SELECT {columns} FROM {table} WHERE verdict IS NOT NULL")}


def assert_stored(found, expected):
    assert found.keys() == expected.keys()
    for number, (*parts, verdict) in found.items():
        if expected[number] is DIVERGED:
            assert (*parts, verdict) == (None, None, None, "diverged")
            continue
        assert parts == pytest.approx([getattr(expected[number], name) for name in FIT], rel=1e-12, abs=1e-15)
        assert verdict == expected[number].verdict
        assert parts[0] == pytest.approx(parts[1] + parts[2], abs=1e-12)


@on_sqlite_per_commit
@pytest.mark.parametrize("seed", range(4))
def test_what_is_stored_is_what_the_rule_says_beside_the_reference(seed, sweep, store, ask):
    sweep_id, groups = sweep(seed)
    store.refresh_fit(sweep_id)
    best, trials, configurations = expected_fits(groups)
    assert_stored(stored(ask, "trial", "id"), trials)
    assert_stored(stored(ask, "configuration", "hash"), configurations)
    assert ask("SELECT hash, fit_rule FROM sweep JOIN configuration ON configuration.id = reference_id") == [
        (best, RULE)
    ]
    for row in store.trials(sweep_id):
        if row["trial"] in trials:
            assert (row["excess"], row["verdict"]) == stored(ask, "trial", "id")[row["trial"]][::3]


@on_sqlite_per_commit
def test_little_by_little_comes_to_the_same_as_at_once(store, driver, make_plan, ask):
    """Refreshed after every trial, while the reference changes: no earlier fit remains at the end."""
    rng = np.random.default_rng(5)
    sweep_id, _ = store.add_sweep(make_plan(5, 2))
    references, groups = [], {}
    for row in store.trials(sweep_id):
        written = end_with_evidence(driver, row["trial"], rng)
        groups.setdefault(row["configuration"], {})[row["repeat"]] = row["trial"], written
        store.refresh_fit(sweep_id)
        references += ask("SELECT reference_id FROM sweep")
    _, trials, configurations = expected_fits(groups)
    assert len(set(references)) > 2
    assert_stored(stored(ask, "trial", "id"), trials)
    assert_stored(stored(ask, "configuration", "hash"), configurations)


@on_sqlite_per_commit
def test_many_new_trials_beside_the_same_reference_are_judged_in_parts(sweep, store, ask, monkeypatch):
    """Each part has one configuration here. The results are the same, and each part is written separately."""
    sweep_id, groups = sweep(6)
    store.refresh_fit(sweep_id)
    with store._engine.begin() as connection:
        for table in ("trial", "configuration"):
            connection.exec_driver_sql(f"UPDATE {table} SET excess = NULL, verdict = NULL")
    monkeypatch.setattr(refresh, "MOST_TRIALS_IN_A_PART", 1)
    monkeypatch.setattr(refresh, "TRIALS_AT_A_TIME", 1)
    parts, write = [], refresh.write

    def note(connection, judged):
        parts.append(len(judged.configurations))
        return write(connection, judged)

    monkeypatch.setattr(refresh, "write", note)
    store.refresh_fit(sweep_id)
    _, trials, configurations = expected_fits(groups)
    assert parts == [1] * len(parts) and len(parts) > 4
    assert_stored(stored(ask, "trial", "id"), trials)
    assert_stored(stored(ask, "configuration", "hash"), configurations)


def test_without_anything_to_be_held_against_there_is_no_fit(store, driver, make_plan, ask):
    sweep_id, _ = store.add_sweep(make_plan(2, 2))
    end_with_evidence(driver, store.trials(sweep_id)[0]["trial"], np.random.default_rng(1))
    store.refresh_fit(sweep_id)
    assert ask("SELECT count(*) FROM trial WHERE verdict IS NOT NULL OR excess IS NOT NULL") == [(0,)]
    assert ask("SELECT reference_id FROM sweep") == [(None,)]


@on_sqlite_per_commit
def test_what_did_not_complete_is_not_judged_by_what_did(store, driver, make_plan, ask):
    """A configuration with a diverged trial is `diverged`, one with a failed trial is `unclear`."""
    rng = np.random.default_rng(3)
    sweep_id, _ = store.add_sweep(make_plan(3, 3))
    statuses = {1: [Status.COMPLETED] * 3, 2: [Status.COMPLETED] * 2 + [Status.DIVERGED]}
    statuses[3] = [Status.COMPLETED, Status.FAILED, Status.COMPLETED]
    for row, status in zip(store.trials(sweep_id), itertools.chain(*statuses.values()), strict=True):
        end_with_evidence(driver, row["trial"], rng, status)
        store.refresh_fit(sweep_id)
    verdicts = [verdict for (verdict,) in ask("SELECT verdict FROM configuration ORDER BY id")]
    assert verdicts[0] not in (None, "diverged") and verdicts[1:] == ["diverged", "unclear"]
    assert all(verdict for (verdict,) in ask("SELECT verdict FROM trial WHERE status = 'completed'"))


@on_sqlite_per_commit
def test_a_sweep_in_which_everything_diverged_says_so(store, driver, make_plan, ask):
    sweep_id, _ = store.add_sweep(make_plan(2, 2))
    for row in store.trials(sweep_id):
        end_with_evidence(driver, row["trial"], np.random.default_rng(1), Status.DIVERGED)
    store.refresh_fit(sweep_id)
    assert ask("SELECT verdict, count(*) FROM configuration GROUP BY verdict") == [("diverged", 2)]
    # After `retry`, the old verdicts are gone.
    store.retry_trials(sweep_id, [Status.DIVERGED])
    assert ask("SELECT verdict, count(*) FROM configuration GROUP BY verdict") == [(None, 2)]


def test_the_floor_and_the_skill_are_those_of_the_stored_constant(store, driver, make_plan, ask):
    """If a constant is only a little worse than all trials, none of them has skill."""
    errors = np.full((2, TRAINING_COUNT), np.nan, np.float32)
    errors[0], errors[1, :VALIDATION_COUNT] = 0.5, 0.5
    floor = {"constant_e_t": 0.5, "constant_e_v": 0.5, "constant_errors": packed_errors(errors)}
    plan = make_plan(2, 2)
    sweep_id, _ = store.add_sweep(replace(plan, splits=[{**row, **floor} for row in plan.splits]))
    for row in store.trials(sweep_id):
        end_at(driver, row["trial"], 0.49)
    store.refresh_fit(sweep_id)
    assert store.floor(sweep_id) == SweepFloor(0.5, 0.5, Skill.NONE, Skill.NONE)
    assert ask("SELECT DISTINCT verdict FROM trial") == [("no_skill",)]


def test_a_rare_class_is_named(store, make_plan):
    plan = make_plan(1, 2)
    splits = [{**row, "validation_count": 100, "validation_classes": [94 + row["repeat"], 6]} for row in plan.splits]
    data_set = {**plan.data_set, "fingerprint": "e" * 16, "example_count": 200, "class_names": ["common", "rare"]}
    sweep_id, _ = store.add_sweep(replace(plan, splits=splits, data_set=data_set))
    assert store.small_sample(sweep_id) == SmallSample(None, {"rare": 6})
    # For sweeps of earlier versions, the classes are unknown.
    assert store.small_sample(store.add_sweep(make_plan(1, 2))[0]) == SmallSample(3, {})


def end_at(driver, trial, level):
    """End a trial with nearly the same error for every example."""
    errors = np.full((2, 2, TRAINING_COUNT), np.nan, np.float32)
    errors[:, 0], errors[:, 1, :VALIDATION_COUNT] = level, level + 0.001 * np.arange(VALIDATION_COUNT)
    names = ("e_t", "e_v", "best_e_t", "best_e_v", "honest_e_t", "honest_e_v")
    end = TrialEnd(trial, Status.COMPLETED, best_epoch=2, epochs=3, **dict.fromkeys(names, level))
    driver.claim([trial])
    driver.record(Block(None, (end,), evidence=(TrialEvidence(trial, {"layers": []}, errors, errors[0]),)))


def test_nothing_is_written_where_nothing_is_new(sweep, store, ask):
    sweep_id, _ = sweep(7)
    store.refresh_fit(sweep_id)
    before = ask("SELECT fitted FROM sweep")
    store.refresh_fit(sweep_id)
    assert ask("SELECT fitted FROM sweep") == before


def test_a_reference_that_is_opened_again_leaves_no_fit_of_it_behind(sweep, store, driver, ask):
    """If the reference's trials are deleted, another configuration takes its place."""
    sweep_id, groups = sweep(8)
    store.refresh_fit(sweep_id)
    best, _, _ = expected_fits(groups)
    numbers = [trial for trial, _ in groups.pop(best).values()]
    store.delete([str(number) for number in numbers])
    store.refresh_fit(sweep_id)
    _, trials, configurations = expected_fits(groups)
    assert_stored(stored(ask, "trial", "id"), trials)
    assert_stored(stored(ask, "configuration", "hash"), configurations)


def test_two_that_refresh_at_once_leave_one_whole_answer(sweep, store, database, ask):
    sweep_id, groups = sweep(9)
    troubles = []

    def refresh():
        try:
            with open_store_for_writing(database) as other:
                other.refresh_fit(sweep_id)
        except Exception as error:
            troubles.append(error)

    threads = [threading.Thread(target=refresh) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not troubles
    assert_stored(stored(ask, "trial", "id"), expected_fits(groups)[1])


def test_readers_see_the_fit_beside_one_reference_or_beside_the_next(sweep, store, ask, monkeypatch):
    """While the new fit is being written, another connection sees the previous one."""
    sweep_id, _ = sweep(10)
    store.refresh_fit(sweep_id)
    before = stored(ask, "trial", "id")
    seen = []
    write_fits = refresh.write_fits

    def look(connection, table, *others):
        write_fits(connection, table, *others)
        seen.append(stored(ask, "trial", "id"))

    monkeypatch.setattr(refresh, "write_fits", look)
    with store._engine.begin() as connection:
        refresh.forget_fit(connection, sweep_id)
    store.refresh_fit(sweep_id)
    assert len(seen) == 2 and all(each == before for each in seen)


def test_verdicts_of_an_older_rule_are_renewed_by_whoever_writes_next(sweep, store, database, ask, monkeypatch):
    sweep_id, _ = sweep(11)
    store.refresh_fit(sweep_id)
    before = ask("SELECT fitted FROM sweep")
    open_store_for_writing(database).close()
    assert ask("SELECT fitted FROM sweep") == before
    monkeypatch.setattr(refresh, "RULE", RULE + 1)
    open_store_for_writing(database).close()
    assert ask("SELECT fit_rule FROM sweep") == [(RULE + 1,)]


def test_a_trial_that_is_trained_again_has_the_new_evidence(store, driver, make_plan, ask):
    rng = np.random.default_rng(12)
    sweep_id, _ = store.add_sweep(make_plan(1, 1))
    (row,) = store.trials(sweep_id)
    first = end_with_evidence(driver, row["trial"], rng)
    store.retry_trials(sweep_id, [Status.COMPLETED])
    assert ask("SELECT count(*) FROM evidence") == [(0,)]
    second = end_with_evidence(driver, row["trial"], rng)
    ((content,),) = ask("SELECT content FROM evidence")
    found = unpacked_errors(bytes(content))
    assert np.array_equal(found, second["errors"][:2], equal_nan=True)
    assert not np.array_equal(found, first["errors"][:2], equal_nan=True)


def test_errors_are_stored_to_the_last_bit():
    errors = np.array([[[1e-45, np.nan], [3.4e38, 0.1]], [[0.0, 1.0], [np.inf, 2.0]]], np.float32)
    assert unpacked_errors(packed_errors(errors)).tobytes() == errors.tobytes()


def test_after_many_verdicts_the_server_knows_how_many_rows_there_are(sweep, store, monkeypatch):
    """Otherwise, PostgreSQL would plan queries as if there were a few rows, for a minute. SQLite does not need this."""
    if store._engine.dialect.name != "postgresql":
        monkeypatch.setattr(refresh, "GATHER_STATISTICS", "no statement of SQLite")
    monkeypatch.setattr(refresh, "TRIALS_THAT_CHANGE_PLANS", 2)
    sweep_id = sweep(1)[0]
    store.refresh_fit(sweep_id)
    if store._engine.dialect.name == "postgresql":
        with store._engine.connect() as connection:
            known = sa.text("SELECT relname, reltuples FROM pg_class WHERE relname IN ('trial', 'configuration')")
            assert dict(connection.execute(known).all()) == {"trial": 18, "configuration": 6}
