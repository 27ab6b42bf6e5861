"""Others look on while a sweep is trained: nobody waits for anybody, and whatever they see was so at one moment."""

import time
from collections import defaultdict

from harness.children import child
from harness.evidence import Evidence
from harness.victims import run, write_ahead

from runner.store import open_store

# As often as a page that shows a sweep asks.
QUESTIONS_PER_SECOND = 20


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
