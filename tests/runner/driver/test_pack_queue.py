"""The queue of packs: claimed when they are taken, split in two when they are lost, resumed from saved states."""

import math

import numpy as np
import pytest
from fitgap.runner.driver import write_sweep
from fitgap.runner.driver.pack_queue import ATTEMPTS_ALONE, MOST_BLAMELESS_FAILURES, PackQueue
from fitgap.runner.messages import Block, PackFailure, SavedState, TrialEnd
from fitgap.runner.planning import packs
from fitgap.runner.planning.preparation import prepare_sweep
from fitgap.runner.spec import sweep_from_text
from fitgap.runner.trial_status import Status
from support.sampling import on_sqlite_per_commit

TRIALS = 64
TEXT = "{name: iris, data: iris, repeats: 64, training: {epochs: 5}}"


@pytest.fixture
def written(store, monkeypatch):
    """A sweep of 64 trials that all share one pack."""
    monkeypatch.setattr(packs, "LARGEST_PACK", TRIALS)
    monkeypatch.setattr(packs, "PACKS_PER_WORKER", 0.1)
    return write_sweep(store, prepare_sweep(sweep_from_text(TEXT)))


@pytest.fixture
def work(store, driver, written):
    made = PackQueue(store, driver, written, workers=1)
    assert made.plan()
    return made


def completed(*trials):
    return Block(None, tuple(TrialEnd(trial, Status.COMPLETED) for trial in trials))


def train(work, run):
    """Call `run` for every task and record the block, as the driver does; returns the ends of trials given up."""
    given_up = []
    for task in work:
        block = run(task)
        ends = work.update(block, work.session.record(block))
        if ends:
            work.session.record(Block(None, ends))
            work.update(Block(None, ends), ())
            given_up += ends
    return given_up


def statuses(store):
    return [row["status"] for row in store.trials("iris")]


@on_sqlite_per_commit
@pytest.mark.parametrize("culprit", [1, 30, 64])
def test_the_one_that_kills_its_worker_is_found_by_halves_and_all_others_complete(culprit, work, store):
    sizes = []

    def run(task):
        if culprit not in task.trials:
            return completed(*task.trials)
        sizes.append(len(task.trials))
        return Block(None, (), failure=PackFailure(task, task.trials, "its worker died"))

    (end,) = train(work, run)
    assert sizes == [64, 32, 16, 8, 4, 2, *[1] * ATTEMPTS_ALONE]
    assert len(sizes) - ATTEMPTS_ALONE < 1 + math.log2(TRIALS)
    assert (end.trial_id, end.status, end.reason) == (culprit, Status.FAILED, "its worker died")
    assert statuses(store).count("completed") == TRIALS - 1
    assert (store.show(culprit)["status"], store.show(culprit)["attempt"]) == ("failed", len(sizes))
    assert work.open == set() and not work.plan()


def test_an_error_that_would_come_again_fails_as_soon_as_its_trial_is_alone(work, store):
    runs = []

    def run(task):
        if 7 not in task.trials:
            return completed(*task.trials)
        runs.append(task)
        return Block(None, (), failure=PackFailure(task, task.trials, "ValueError: seven", is_certain=True))

    (end,) = train(work, run)
    assert len(runs) == 7 and end.reason == "ValueError: seven"


def test_a_worker_that_dies_once_costs_nobody_anything(work, store):
    died = []

    def run(task):
        if died:
            return completed(*task.trials)
        died.append(task)
        return Block(None, (), failure=PackFailure(task, task.trials, "its worker died"))

    assert train(work, run) == []
    assert set(statuses(store)) == {"completed"}


def test_the_death_of_nodes_costs_attempts_and_nothing_else(work, store):
    """Even more often than a single trial may be lost: whole packs are trained again, and no trial is blamed."""
    sizes = []

    def run(task):
        sizes.append(len(task.trials))
        if len(sizes) > ATTEMPTS_ALONE + 1:
            return completed(*task.trials)
        return Block(None, (), failure=PackFailure(task, task.trials, "its node died", is_blameless=True))

    assert train(work, run) == []
    assert sizes == [TRIALS] * (ATTEMPTS_ALONE + 2)
    assert set(statuses(store)) == {"completed"}
    assert store.show(1)["attempt"] == len(sizes)


def test_a_trial_that_loses_every_node_is_taken_for_the_cause_in_the_end(work, store):
    def run(task):
        if 7 not in task.trials:
            return completed(*task.trials)
        return Block(None, (), failure=PackFailure(task, task.trials, "its node died", is_blameless=True))

    (end,) = train(work, run)
    assert (end.trial_id, end.status, end.reason) == (7, Status.FAILED, "its node died")
    assert statuses(store).count("completed") == TRIALS - 1
    assert store.show(7)["attempt"] >= MOST_BLAMELESS_FAILURES


def test_nodes_that_died_do_not_make_later_packs_smaller(store, driver, written):
    driver.claim(list(range(1, TRIALS + 1)))
    driver.try_again(list(range(1, TRIALS + 1)), counts=False)
    driver.release()
    again = PackQueue(store, driver, written, workers=1)
    again.plan()
    assert [len(task.trials) for task in again] == [TRIALS]


def test_trials_that_had_ended_before_the_loss_are_left_alone(work, store):
    seen = []

    def run(task):
        seen.append(task.trials)
        if len(seen) > 1:
            return completed(*task.trials)
        ended, left = task.trials[:60], task.trials[60:]
        return Block(None, completed(*ended).ended, failure=PackFailure(task, left, "its worker died"))

    assert train(work, run) == []
    assert [len(trials) for trials in seen] == [64, 2, 2]
    assert set(statuses(store)) == {"completed"}


def test_what_was_lost_goes_on_from_the_states_that_it_saved(work, store):
    """A pack resumes from states of the same epoch; trials with a state of another epoch, or none, form other packs."""
    handed_out = []

    def run(task):
        handed_out.append(task)
        if len(handed_out) > 1:
            return completed(*task.trials)
        states = [SavedState(trial, 2, {"mark": np.array(trial)}) for trial in task.trials[:40]]
        states += [SavedState(trial, 3, {"mark": np.array(trial)}) for trial in task.trials[40:50]]
        return Block(None, (), states=tuple(states), failure=PackFailure(task, task.trials, "its worker died"))

    assert train(work, run) == []
    later = handed_out[1:]
    assert sorted(len(task.trials) for task in later) == [8, 10, 14, 32]
    for task in later:
        assert len(task.states) in (0, len(task.trials))
        assert [int(state["mark"]) for state in task.states] == list(task.trials)[: len(task.states)]
    assert sum(not task.states for task in later) == 1


def test_trials_that_were_cancelled_meanwhile_are_not_tried_again(work, store):
    task = next(work)
    store.cancel_trials(work.written.sweep_id, task.trials[:32])
    block = Block(None, (), failure=PackFailure(task, task.trials, "its worker died"))
    work.update(block, work.session.record(block))
    assert sorted(trial for again in work for trial in again.trials) == sorted(task.trials[32:])


def test_when_everything_in_flight_is_cancelled_there_is_nothing_left_to_do(work, store, make_rows):
    task = next(work)
    store.cancel_trials(work.written.sweep_id)
    block = Block(make_rows(task.trials, [1] * TRIALS), ())
    work.update(block, work.session.record(block))
    assert work.is_cancelled and work.open == set()


def test_a_stopped_sweep_gives_nothing_out(work):
    work.is_stopped = True
    assert list(work) == []


def test_what_another_driver_has_taken_is_left_out(work, store, identity):
    """Both have planned all trials; each is handed out once."""
    other = store.begin_driver(identity)
    taken = other.claim(list(range(1, 41)))
    (task,) = list(work)
    assert set(task.trials) == set(range(1, TRIALS + 1)) - taken


def test_trials_that_were_lost_with_their_driver_come_back_in_smaller_packs(store, identity, written):
    """So that the trial that kills its driver is found, one driver after another."""
    first = store.begin_driver(identity)
    first.claim(list(range(1, TRIALS + 1)))
    for attempt, size in enumerate([32, 16, 8], start=1):
        first.try_again(list(range(1, TRIALS + 1)))
        again = PackQueue(store, first, written, workers=1)
        first.release()
        again.plan()
        assert {len(task.trials) for task in again} == {size}, attempt


def test_a_trial_that_is_cancelled_and_opened_again_waits_until_its_old_pack_has_ended(
    store, driver, written, monkeypatch
):
    """Some blocks of the old pack were refused, so those that still come must not end the trial."""
    monkeypatch.setattr(packs, "LARGEST_PACK", 32)
    work = PackQueue(store, driver, written, workers=1)
    work.plan()
    first = next(work)
    taken = first.trials[0]
    store.cancel_trials(written.sweep_id, [taken])
    block = completed(taken)
    work.update(block, work.session.record(block))
    # As if it were planned for a later pack: its saved state has put it into another group.
    monkeypatch.setattr(work, "_planned", iter([*work._planned, first]))
    store.retry_trials(written.sweep_id, [Status.CANCELLED])
    assert taken not in {trial for task in work for trial in task.trials}
    assert work.plan() and [task.trials for task in work] == [(taken,)]


def test_a_group_that_others_take_while_it_is_planned_is_left_out(store, driver, written, identity, monkeypatch):
    other = store.begin_driver(identity)
    groups = store.pending_groups

    def groups_then_claim(sweep_id):
        found = groups(sweep_id)
        other.claim(list(range(1, TRIALS + 1)))
        return found

    monkeypatch.setattr(store, "pending_groups", groups_then_claim)
    assert not PackQueue(store, driver, written, workers=1).plan()
