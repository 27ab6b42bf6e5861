"""Queries on a sweep of a million trials take no longer than reading its trials a few times, and need little memory."""

import json
import subprocess
import sys
from statistics import median

import pytest
import sqlalchemy as sa
from fitgap.runner.driver import write_sweep
from fitgap.runner.planning.preparation import prepare_sweep
from fitgap.runner.spec import sweep_from_text
from fitgap.runner.store import open_store_for_writing
from fitgap.runner.store.database.postgresql import GATHER_STATISTICS
from fitgap.runner.store.schema.tables import trial
from fitgap.runner.trial_status import Status

RATES = REPEATS = 1_000
# Limit for the 95th percentile of the queries, in multiples of the time the database needs to read all trials, so that
# it holds on any machine. The times in milliseconds are printed.
MOST_READINGS, MOST_MEGABYTES = 3.0, 150
# A prime that scatters the numbers of trials.
SCATTER, RANGE = 7_919, 1_000_003
# The queries of lists, pages and `show`, in turn.
ASK = """
import json, sys, time
from pathlib import Path
import sqlalchemy as sa
from fitgap.runner.store import open_store

best = {"sort": "best_e_v", "limit": 20}
questions = {
    "the first": lambda store: store.trials("it", limit=20),
    "the best": lambda store: store.trials("it", **best),
    "the best of one verdict": lambda store: store.trials("it", where="verdict == 'overfit'", **best),
    "the best of some": lambda store: store.trials("it", where="optimizer.rate < 1e-4 and e_v < 0.3", **best),
    "one": lambda store: [store.show(500_000)],
    "epochs": lambda store: store.epochs([1, 500_000]) or [None],
    "sweeps": lambda store: store.sweeps(),
}
found, readings = {name: [] for name in questions}, []
read_all = sa.text("SELECT count(*), sum(best_e_v) FROM trial")
with open_store(sys.argv[1]) as store:
    for _ in range(10):
        began = time.monotonic()
        with store._engine.connect() as connection:
            assert connection.execute(read_all).one()[0] == 1_000_000
        readings.append(1e3 * (time.monotonic() - began))
        for name, ask in questions.items():
            began = time.monotonic()
            assert ask(store)
            found[name].append(1e3 * (time.monotonic() - began))
megabytes = int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]) / 1024
print(json.dumps({"milliseconds": found, "readings": readings, "megabytes": megabytes}))
"""


def fill(address):
    """A sweep of a million completed trials with scattered errors."""
    rates = ", ".join(str(number / 1e6) for number in range(1, RATES + 1))
    axes = f"axes: {{optimizer: [{{adam: {{rate: [{rates}]}}}}]}}"
    sweep = sweep_from_text(f"{{name: it, data: iris, repeats: {REPEATS}, training: {{epochs: 1}}, {axes}}}")
    scattered = sa.cast(trial.c.id, sa.BigInteger) * SCATTER % RANGE
    error = sa.cast(scattered, sa.Double) / RANGE
    ended = {"status": Status.COMPLETED, "epochs": 1, "e_t": error / 2, "e_v": error, "best_e_v": error}
    verdict = sa.case((scattered % 3 == 0, "overfit"), else_="good")
    with open_store_for_writing(address) as store:
        write_sweep(store, prepare_sweep(sweep))
        with store._engine.begin() as connection:
            connection.execute(sa.update(trial).values(**ended, best_epoch=1, verdict=verdict))
            if connection.dialect.name == "postgresql":
                # The program does this too after writing this many verdicts.
                connection.exec_driver_sql(GATHER_STATISTICS)


@pytest.mark.nightly
def test_a_million_trials_are_asked_about_in_a_moment(databases, database_kind):
    address = databases.make()
    fill(address)
    done = subprocess.run([sys.executable, "-c", ASK, address], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    for name, milliseconds in found["milliseconds"].items():
        print(f"{database_kind}, {name}: {median(milliseconds):.1f} ms, at most {max(milliseconds):.1f}")
    times = sorted(each for milliseconds in found["milliseconds"].values() for each in milliseconds)
    slowest = times[len(times) * 95 // 100]
    reading = median(found["readings"])
    print(
        f"{database_kind}: 95 of 100 within {slowest:.0f} ms, {found['megabytes']:.0f} MB; reading all {reading:.0f} ms"
    )
    assert slowest <= MOST_READINGS * reading
    assert found["megabytes"] <= MOST_MEGABYTES
