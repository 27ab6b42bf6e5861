"""What a trial costs besides its training: thousands of trials that hardly train anything, by the installed command."""

import os
import resource

import pytest
from support.sampling import at_night

# Of the processor, so that other programs do not count. A quarter is measured.
MOST_SECONDS_PER_TRIAL = 2e-3


def processor_seconds():
    """What the processes that this one has waited for have taken so far."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@pytest.mark.parametrize("trials", [2_000, at_night(10_000)])
def test_trials_cost_at_most_two_milliseconds_each_and_none_is_missing(
    trials, command, own_folder, database, database_kind, ask
):
    before = processor_seconds()
    line = ("run", "--data", "and", "--repeats", trials, "--epochs", 1, "--engine", "local")
    answer = command(*line, cwd=own_folder, env={**os.environ, "FITGAP_DB": database})
    took = processor_seconds() - before
    assert answer.code == 0, answer.err
    ended = "SELECT status, count(*), count(DISTINCT repeat), min(repeat), max(repeat) FROM trial GROUP BY status"
    assert ask(ended) == [("completed", trials, trials, 1, trials)]
    assert ask("SELECT count(*), min(epoch), max(epoch) FROM epoch") == [(trials, 1, 1)]
    print(f"{database_kind}: {took / trials * 1e3:.2f} ms of the processor for each of {trials} trials")
    assert took < trials * MOST_SECONDS_PER_TRIAL
