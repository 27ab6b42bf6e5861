"""The driver: all pending trials are trained and recorded, and a stopped sweep resumes as if it had not stopped."""

import pytest
from fitgap.runner.driver import (
    SweepStoppedError,
    drive,
    expected_work,
    loop,
    pending_trials,
    stored_sweep,
    write_sweep,
)
from fitgap.runner.engine.worker import block_builder
from fitgap.runner.errors import StoreError
from fitgap.runner.messages import Block, TrialEnd
from fitgap.runner.planning.preparation import prepare_sweep
from fitgap.runner.spec import sweep_from_text
from fitgap.runner.trial_status import Status
from support.sampling import on_sqlite_per_commit, per_commit


@pytest.fixture
def written(store, small_sweep):
    """The small sweep, written but not trained."""
    return write_sweep(store, prepare_sweep(sweep_from_text(small_sweep)))


def ignore(block):
    """Observes nothing."""


def drive_locally(store, written, on_block=ignore):
    drive(store, written, engine="local", workers=None, on_block=on_block)


SEARCH = """\
data: xor
search: {method: tpe, trials: 12, generation: 2}
axes:
  architecture: [2, 3, 4]
  optimizer: [{adam: {rate: 1e-3..1}}]
"""


@on_sqlite_per_commit
def test_the_engine_is_chosen_for_all_generations_of_a_search(store, written):
    search = write_sweep(store, prepare_sweep(sweep_from_text(SEARCH)))
    proposed = store.proposal_counts(search.sweep_id).proposed
    assert proposed < 12 and loop.growth(store, search) == 1 + (12 - proposed) / 2
    assert loop.growth(store, written) == 1


def test_every_trial_is_trained_and_every_epoch_recorded(store, written, small_counts):
    trial_count, diverged_count = small_counts
    drive_locally(store, written)
    (counts,) = store.sweeps()
    assert (counts["completed"], counts["diverged"]) == (trial_count - diverged_count, diverged_count)
    epochs = store.sweep_epochs(written.sweep_id)
    for row in store.trials(written.sweep_id):
        own = [epoch for epoch in epochs if epoch["trial"] == row["trial"]]
        assert [epoch["epoch"] for epoch in own] == list(range(1, row["epochs"] + 1))
        assert (row["e_t"], row["e_v"]) == (own[-1]["e_t"], own[-1]["e_v"])
        assert row["status"] == "diverged" or row["epochs"] == 4
        assert row["status"] == "completed" or None in (row["e_t"], row["e_v"])


@on_sqlite_per_commit
def test_the_observer_sees_every_block_after_it_is_written(store, written):
    rows_seen, ends_seen = 0, set()

    def on_block(block):
        nonlocal rows_seen
        rows_seen += len(block.rows) if block.rows else 0
        ends_seen.update(end.trial_id for end in block.ended)
        assert len(store.sweep_epochs(written.sweep_id)) == rows_seen

    drive_locally(store, written, on_block)
    assert ends_seen == {row["trial"] for row in store.trials(written.sweep_id)}


@on_sqlite_per_commit
def test_a_trial_is_running_only_from_when_its_pack_is_taken(store, written):
    """When the first block comes, one pack is running; the trials of the others are still pending."""
    seen = []

    def on_block(block):
        seen.append({row["status"] for row in store.trials(written.sweep_id)})

    drive_locally(store, written, on_block)
    assert "pending" in seen[0]
    assert "pending" not in seen[-1]


@on_sqlite_per_commit
def test_two_runs_of_one_sweep_agree_to_the_last_bit(store, small_sweep):
    answers = []
    for _ in range(2):
        written = write_sweep(store, prepare_sweep(sweep_from_text(small_sweep)))
        drive_locally(store, written)
        first = store.trials(written.sweep_id)[0]["trial"]
        rows = store.sweep_epochs(written.sweep_id)
        answers.append([{**row, "trial": row["trial"] - first} for row in rows])
    assert answers[0] == answers[1]


@on_sqlite_per_commit
def test_a_driven_sweep_has_nothing_left_to_do(store, written):
    drive_locally(store, written)
    before = store.trials(written.sweep_id), store.sweep_epochs(written.sweep_id)
    assert expected_work(store, written).trials == 0
    drive_locally(store, written)
    assert (store.trials(written.sweep_id), store.sweep_epochs(written.sweep_id)) == before


@on_sqlite_per_commit
@pytest.mark.parametrize("stop_at", per_commit([3], [1, 3, 6]))
def test_a_stopped_sweep_goes_on_as_if_undisturbed(stop_at, store, small_sweep, monkeypatch):
    """Ctrl-C after some blocks: no trial remains running or half-written, and the rest is bit for bit the same."""
    monkeypatch.setattr(block_builder, "BLOCK_SECONDS", 0.0)
    undisturbed = write_sweep(store, prepare_sweep(sweep_from_text(small_sweep)))
    drive_locally(store, undisturbed)
    stopped = write_sweep(store, prepare_sweep(sweep_from_text(small_sweep)))
    blocks = 0

    def interrupt(block):
        nonlocal blocks
        blocks += 1
        if blocks == stop_at:
            raise KeyboardInterrupt

    with pytest.raises(SweepStoppedError) as caught:
        drive_locally(store, stopped, interrupt)
    rows = store.trials(stopped.sweep_id)
    assert caught.value.sweep_name == "small-2" and caught.value.released > 0
    assert "running" not in {row["status"] for row in rows}

    drive_locally(store, stored_sweep(store, "small-2"))
    assert numbers(store, stopped) == numbers(store, undisturbed)


def numbers(store, written):
    """The trials and epochs of a sweep, with trials numbered from 0 and without the time they took."""
    trials, epochs = store.trials(written.sweep_id), store.sweep_epochs(written.sweep_id)
    first = trials[0]["trial"]
    found = [{**row, "trial": row["trial"] - first, "seconds": None} for row in trials]
    return found, [{**row, "trial": row["trial"] - first} for row in epochs]


def test_a_stored_sweep_is_the_one_that_was_written(store, written):
    again = stored_sweep(store, "small")
    assert (again.sweep_id, again.name) == (written.sweep_id, "small")
    assert again.prepared.configurations == written.prepared.configurations
    assert expected_work(store, again).total == expected_work(store, written).total > 0


@on_sqlite_per_commit
def test_trials_are_counted_by_whether_they_have_ended(store, written, small_counts):
    trial_count, _ = small_counts
    expected = expected_work(store, written)
    assert expected.trial_counts() == (0, trial_count)
    session = store.begin_driver(loop.this_process(None))
    trials = [row["trial"] for row in store.trials(written.sweep_id)[:3]]
    session.claim(trials)
    session.record(Block(None, (TrialEnd(trials[0], Status.COMPLETED), TrialEnd(trials[1], Status.FAILED))))
    assert expected.trial_counts() == (2, trial_count - 2)
    session.end()


def test_the_work_of_a_trial_is_the_same_whether_it_was_just_planned_or_is_read(store, written, monkeypatch):
    expected, numbers = expected_work(store, written), [row["trial"] for row in store.trials(written.sweep_id)]
    as_read = expected.of(numbers)
    (*groups,) = pending_trials.pending_groups(store, written)
    assert not written.planned
    for group in groups:
        group.select(0, group.count)
    assert written.planned.keys() == set(numbers)
    with monkeypatch.context() as patch:
        patch.setattr(pending_trials, "planned_trials", lambda *_: pytest.fail("read again"))
        assert expected.of(numbers) == as_read
    assert not written.planned and expected.of(numbers) == as_read


def test_planned_trials_that_nobody_counts_are_forgotten(store, written, monkeypatch):
    monkeypatch.setattr(pending_trials, "MOST_PLANNED", 1)
    for group in pending_trials.pending_groups(store, written):
        for start in range(group.count):
            group.select(start, start + 1)
    assert 1 <= len(written.planned) <= 2


def test_an_unknown_sweep_cannot_be_resumed(store, written):
    with pytest.raises(StoreError, match="did you mean 'small'"):
        stored_sweep(store, "smal")


def test_a_pack_that_fails_does_not_stop_the_others(store, written, monkeypatch, small_counts):
    """The driver records what the engine reports, and continues."""

    class HalfBroken:
        name, workers = "broken", 1

        def __enter__(self):
            return self

        def __exit__(self, *exception):
            pass

        def stop(self):
            pass

        def run(self, tasks):
            for number, task in enumerate(tasks):
                status = Status.FAILED if number % 2 else Status.COMPLETED
                yield Block(None, tuple(TrialEnd(trial, status, "broken") for trial in task.trials))

    monkeypatch.setattr(loop, "make_engine", lambda *arguments: HalfBroken())
    drive_locally(store, written)
    (counts,) = store.sweeps()
    assert counts["failed"] > 0 and counts["completed"] > 0
    assert counts["failed"] + counts["completed"] == small_counts[0]
