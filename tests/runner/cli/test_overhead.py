"""The cost of a trial besides its training: thousands of trials that hardly train, run by the command.

The cost is counted in function calls, which are the same on every machine. Seconds are only printed: on a busy machine,
the same sweep takes two to three times as long, also in CPU time.
"""

import os
import pstats
import subprocess
import sys

import pytest
from support.sampling import at_night, on_sqlite_per_commit

# Measured for 2,000 trials, including the start of the command: 2,415 calls per trial (SQLite) and 2,842 (PostgreSQL),
# in 1.6 and 1.9 ms of CPU time on a quiet machine, where the limit was 2 ms. The limits below exclude the start, which
# adds 90 calls to each of 2,000 trials.
MOST_CALLS_PER_TRIAL = {"sqlite": 2_310, "postgresql": 2_600}
# Counts the calls of a sweep that follows a first one, which loads all modules.
COUNTING = """
import cProfile, sys
from fitgap.runner.cli.main import app
for name, count in (("loading", "1"), ("counted", sys.argv[1])):
    words = ["run", "--name", name, "--data", "and", "--repeats", count, "--epochs", "1", "--engine", "local"]
    profile = cProfile.Profile()
    assert not profile.runcall(app, words, standalone_mode=False)
profile.dump_stats("calls")
"""


@on_sqlite_per_commit
@pytest.mark.parametrize("trials", [600, at_night(2_000), at_night(10_000)])
def test_a_trial_takes_few_calls_and_none_is_missing(trials, own_folder, database, database_kind, ask):
    counted = (sys.executable, "-c", COUNTING, str(trials))
    done = subprocess.run(counted, env={**os.environ, "FITGAP_DB": database}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    sweep = "(SELECT id FROM sweep WHERE name = 'counted')"
    counts = "count(*), count(DISTINCT repeat), min(repeat), max(repeat)"
    ended = ask(f"SELECT status, {counts} FROM trial WHERE sweep_id = {sweep} GROUP BY status")
    assert ended == [("completed", trials, trials, 1, trials)]
    own = f"SELECT id FROM trial WHERE sweep_id = {sweep}"
    epochs = ask(f"SELECT count(*), min(epoch), max(epoch) FROM epoch WHERE trial_id IN ({own})")
    assert epochs == [(trials, 1, 1)]
    found = pstats.Stats("calls")
    print(f"{database_kind}: {found.total_calls / trials:.0f} calls for each trial, counted in {found.total_tt:.1f} s")
    assert found.total_calls < trials * MOST_CALLS_PER_TRIAL[database_kind]
