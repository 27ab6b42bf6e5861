"""What a trial costs besides its training: thousands of trials that hardly train anything, by the command.

The cost is counted in calls of functions, which are the same on every machine. Seconds are not: on a busy one, the same
sweep takes two to three times as long, also of the processor. They are printed.
"""

import os
import pstats
import subprocess
import sys

import pytest
from support.sampling import at_night, on_sqlite_per_commit

# The start of the command included. 2,415 calls (SQLite) and 2,842 calls (PostgreSQL) for each of 2,000 trials took 1.6
# and 1.9 ms of the processor on a quiet machine; the limit in seconds was 2 ms.
MOST_CALLS_PER_TRIAL = {"sqlite": 2_400, "postgresql": 2_600}


@on_sqlite_per_commit
@pytest.mark.parametrize("trials", [2_000, at_night(10_000)])
def test_a_trial_takes_few_calls_and_none_is_missing(trials, own_folder, database, database_kind, ask):
    line = ("run", "--data", "and", "--repeats", str(trials), "--epochs", "1", "--engine", "local")
    counted = (sys.executable, "-m", "cProfile", "-o", "calls", "-m", "fitgap", *line)
    done = subprocess.run(counted, env={**os.environ, "FITGAP_DB": database}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    ended = "SELECT status, count(*), count(DISTINCT repeat), min(repeat), max(repeat) FROM trial GROUP BY status"
    assert ask(ended) == [("completed", trials, trials, 1, trials)]
    assert ask("SELECT count(*), min(epoch), max(epoch) FROM epoch") == [(trials, 1, 1)]
    found = pstats.Stats("calls")
    print(f"{database_kind}: {found.total_calls / trials:.0f} calls for each trial, counted in {found.total_tt:.1f} s")
    assert found.total_calls < trials * MOST_CALLS_PER_TRIAL[database_kind]
