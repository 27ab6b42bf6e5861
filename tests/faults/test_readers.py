"""Others look on while a sweep is trained: nobody waits for anybody, and whatever they see was so at one moment."""

import time
from collections import defaultdict
from statistics import median

import pytest
from harness.children import child
from harness.commands import running
from harness.evidence import Evidence
from harness.victims import run, write_ahead

from runner.store import open_store

# As often as a page that shows a sweep asks.
QUESTIONS_PER_SECOND = 20
# As the plan asks, on a machine that does nothing else and has a core for those who look on. Of five pairs each may lie
# a quarter from the other.
PAIRS, MOST_SLOWER = 15, 1.05
SWEEP = """\
name: NAME
data: digits
repeats: 5
training: {epochs: 100}
axes:
  architecture: [32, 64-32]
  activation: [relu, tanh]
  optimizer: [{adam: {rate: [1e-3, 1e-2]}}, {gradient_descent: {rate: [0.03, 0.1]}}]
"""


def look(store, sweep):
    """Ask what a page shows; returns how many epochs there are. Every trial has its epochs from the first on, and one
    that has ended has them all.
    """
    trials = store.trials(sweep, sort="best_e_v", limit=100)
    store.compare(sweep, ["architecture", "activation"])
    own = defaultdict(list)
    for row in store.sweep_epochs(sweep):
        own[row["trial"]].append(row["epoch"])
    assert all(epochs == list(range(1, len(epochs) + 1)) for epochs in own.values())
    assert all(len(own[row["trial"]]) >= (row["epochs"] or 0) for row in trials)
    return sum(map(len, own.values()))


def test_readers_see_whole_blocks_and_disturb_nobody(new_victim, undisturbed_export):
    watched = new_victim(pause=0.05)
    sweep = write_ahead(watched)
    seen = []
    with child(run, watched) as process, open_store(watched.address) as staying:
        while process.is_alive():
            # One that stays connected, and one that comes and goes like a command.
            seen.append(look(staying, sweep))
            with open_store(watched.address) as store:
                seen.append(look(store, sweep))
            time.sleep(2 / QUESTIONS_PER_SECOND)
        process.join()
        assert process.exitcode == 0, watched.complaint
    found = Evidence(watched.address)
    found.check_whole()
    assert found.export == undisturbed_export
    assert set(found.attempts.values()) == {1}
    assert seen == sorted(seen) and len(set(seen)) > 3


@pytest.mark.nightly
def test_readers_take_nothing_from_the_training(databases, database_kind, tmp_path):
    """A sweep that is looked at takes no longer than one that is not; the two in turn, so that both meet the same."""
    address, ratios = databases.make(), []
    for number in range(PAIRS):
        alone, _ = train(tmp_path, address, f"alone-{number}", looks_per_second=0)
        watched, looks = train(tmp_path, address, f"watched-{number}", looks_per_second=QUESTIONS_PER_SECOND)
        ratios.append(watched / alone)
        pace = looks / watched
        print(f"{database_kind}: {alone:.1f} s alone, {watched:.1f} s while asked {pace:.1f} times a second")
        # Else nobody was in the way.
        assert pace >= QUESTIONS_PER_SECOND / 2
    with open_store(address) as store:
        assert all(row["completed"] == row["trials"] for row in store.sweeps())
    print(f"{database_kind}: {100 * (median(ratios) - 1):.1f} % longer, in the middle of {PAIRS} pairs")
    assert median(ratios) <= MOST_SLOWER


def train(folder, address, name, *, looks_per_second):
    """Train the sweep under a name while a page of it is asked for so often; the seconds it took, and the questions."""
    (folder / f"{name}.yaml").write_text(SWEEP.replace("NAME", name))
    looks, began = 0, time.monotonic()
    line = ("run", f"{name}.yaml", "--engine", "local", "--db", address)
    with open_store(address) as store, running(*line, folder=folder) as command:
        while command.poll() is None:
            if looks < looks_per_second * (time.monotonic() - began):
                ask(store, name, looks)
                looks += 1
            time.sleep(0.01)
        assert command.returncode == 0, (folder / "err").read_text()
    return time.monotonic() - began, looks


def ask(store, name, number):
    """One of the questions of a page that shows a sweep, each in turn, once the sweep is there."""
    sweeps = store.sweeps()
    if number % 4 and any(row["name"] == name for row in sweeps):
        best = store.trials(name, sort="best_e_v", limit=20)
        if number % 4 == 1:
            store.compare(name, ["architecture", "activation"])
        elif number % 4 == 2 and best:
            store.epochs([row["trial"] for row in best])
