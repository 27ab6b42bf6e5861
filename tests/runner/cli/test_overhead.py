"""What a trial costs besides its training: 10,000 trials that hardly train anything, through the installed command."""

import resource
import sqlite3
from contextlib import closing

TRIALS = 10_000
# Of the processor, so that other programs do not count. A quarter is measured, start and training included.
MOST_SECONDS_PER_TRIAL = 2e-3


def processor_seconds():
    """What the processes that this one has waited for have taken so far."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def test_ten_thousand_trials_cost_at_most_two_milliseconds_each_and_none_is_missing(command, own_folder):
    before = processor_seconds()
    answer = command("run", "--data", "and", "--repeats", TRIALS, "--epochs", 1, "--engine", "local", cwd=own_folder)
    took = processor_seconds() - before
    assert answer.code == 0, answer.err
    with closing(sqlite3.connect(own_folder / "fitgap.db")) as connection:
        ended = "SELECT status, count(*), count(DISTINCT repeat), min(repeat), max(repeat) FROM trial GROUP BY status"
        assert connection.execute(ended).fetchall() == [("completed", TRIALS, TRIALS, 1, TRIALS)]
        assert connection.execute("SELECT count(*), min(epoch), max(epoch) FROM epoch").fetchall() == [(TRIALS, 1, 1)]
    assert took < TRIALS * MOST_SECONDS_PER_TRIAL
