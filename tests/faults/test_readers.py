"""Readers query the database while a sweep is trained: neither side waits for the other, and each query sees a
consistent snapshot.
"""

import time
from collections import defaultdict
from operator import truediv
from statistics import median

import pytest
from fitgap.runner.store import open_store
from support.faults.children import child
from support.faults.commands import running
from support.faults.evidence import Evidence
from support.faults.victims import run, write_ahead
from support.sampling import on_sqlite_per_commit

# As often as a page that shows a sweep sends queries.
QUESTIONS_PER_SECOND = 20
ROUNDS, MOST_SLOWER = 20, 1.05
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
    """Send the queries of a page; returns the number of epochs. Checks that every trial has its epochs from the first
    on, and that ended trials have all of theirs.
    """
    trials = store.trials(sweep, sort="best_e_v", limit=100)
    store.compare(sweep, ["architecture", "activation"])
    own = defaultdict(list)
    for row in store.sweep_epochs(sweep):
        own[row["trial"]].append(row["epoch"])
    assert all(epochs == list(range(1, len(epochs) + 1)) for epochs in own.values())
    assert all(len(own[row["trial"]]) >= (row["epochs"] or 0) for row in trials)
    return sum(map(len, own.values()))


@on_sqlite_per_commit
def test_readers_see_whole_blocks_and_disturb_nobody(new_victim, undisturbed_export):
    watched = new_victim(pause=0.05)
    sweep = write_ahead(watched)
    seen = []
    with child(run, watched) as process, open_store(watched.address) as staying:
        while process.is_alive():
            # One reader stays connected; the other connects anew each time, like a command.
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
    """A sweep that a page shows takes as long to train as one next to which a page shows another database.

    The page needs processor time whatever it shows; the difference between the two is the cost of locks. The two
    alternate, so that other work on the machine slows both. It can still change a single ratio by a quarter, so we
    take the median of many rounds. How much longer both take than a sweep alone depends on the number of free cores
    and is only printed.
    """
    address, other = databases.make(), databases.make()
    train(tmp_path, other, "elsewhere")
    seconds = defaultdict(list)
    with open_store(other) as elsewhere:
        for number in range(ROUNDS):
            seconds["alone"].append(train(tmp_path, address, f"alone-{number}"))
            with open_store(address) as here:
                seconds["busy"].append(train(tmp_path, address, f"busy-{number}", Page(elsewhere, "elsewhere")))
                seconds["watched"].append(
                    train(tmp_path, address, f"watched-{number}", Page(here, f"watched-{number}"))
                )
            print(f"{database_kind}:", ", ".join(f"{name} {each[-1]:.1f} s" for name, each in seconds.items()))
    with open_store(address) as store:
        assert all(row["completed"] == row["trials"] for row in store.sweeps())
    loss = {of: median(map(truediv, seconds["watched"], seconds[of])) for of in ("alone", "busy")}
    print(f"{database_kind}: watched, it takes {loss['alone']:.3f} of alone, {loss['busy']:.3f} of a busy machine")
    assert loss["busy"] <= MOST_SLOWER


def train(folder, address, name, page=None):
    """Train the sweep under a name while a page sends queries; returns the seconds it took."""
    (folder / f"{name}.yaml").write_text(SWEEP.replace("NAME", name))
    began = time.monotonic()
    with running("run", f"{name}.yaml", "--engine", "local", "--db", address, folder=folder) as command:
        while command.poll() is None:
            if page is not None and page.looks < QUESTIONS_PER_SECOND * (time.monotonic() - began):
                page.ask()
            time.sleep(0.01)
        assert command.returncode == 0, (folder / "err").read_text()
    took = time.monotonic() - began
    # Otherwise the page would have put too little load on the database.
    assert page is None or page.looks >= QUESTIONS_PER_SECOND / 2 * took
    return took


class Page:
    """A page that shows a sweep in a store. It sends its queries in turn, once the sweep is there."""

    def __init__(self, store, name):
        self.store, self.name = store, name
        self.looks = 0

    def ask(self):
        turn, self.looks = self.looks % 4, self.looks + 1
        names = {row["name"] for row in self.store.sweeps()}
        if not turn or self.name not in names:
            return
        best = self.store.trials(self.name, sort="best_e_v", limit=20)
        if turn == 1:
            self.store.compare(self.name, ["architecture", "activation"])
        elif turn == 2 and best:
            self.store.epochs([row["trial"] for row in best])
