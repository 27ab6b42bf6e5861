"""What a trial costs besides its training: 10,000 trials that hardly train anything, through the installed command."""

import os
import resource

TRIALS = 10_000
# Of the processor, so that other programs do not count. A quarter is measured, start and training included.
MOST_SECONDS_PER_TRIAL = 2e-3


def processor_seconds():
    """What the processes that this one has waited for have taken so far."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def test_ten_thousand_trials_cost_at_most_two_milliseconds_each_and_none_is_missing(
    command, own_folder, database, database_kind, ask
):
    before = processor_seconds()
    line = ("run", "--data", "and", "--repeats", TRIALS, "--epochs", 1, "--engine", "local")
    answer = command(*line, cwd=own_folder, env={**os.environ, "FITGAP_DB": database})
    took = processor_seconds() - before
    assert answer.code == 0, answer.err
    ended = "SELECT status, count(*), count(DISTINCT repeat), min(repeat), max(repeat) FROM trial GROUP BY status"
    assert ask(ended) == [("completed", TRIALS, TRIALS, 1, TRIALS)]
    assert ask("SELECT count(*), min(epoch), max(epoch) FROM epoch") == [(TRIALS, 1, 1)]
    print(f"{database_kind}: {took / TRIALS * 1e3:.2f} ms of the processor for each of {TRIALS} trials")
    assert took < TRIALS * MOST_SECONDS_PER_TRIAL
