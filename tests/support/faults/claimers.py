"""Processes that only claim trials, all of them the same trials, as fast as they can."""

import json
import time

from fitgap.runner.store import open_store_for_writing

from support.databases.plain_plans import IDENTITY

PACK = 10


def claim_all(address, folder, name, start):
    """Claim every trial of the sweep, pack by pack, once all processes are ready. Record which trials were claimed and
    how long each claim took.
    """
    with open_store_for_writing(address) as store:
        (sweep,) = store.sweeps()
        trials = [row["trial"] for row in store.trials(sweep["sweep"])]
        session = store.begin_driver(IDENTITY)
        gained, seconds = [], []
        start.wait()
        for first in range(0, len(trials), PACK):
            began = time.monotonic()
            gained += session.claim(trials[first : first + PACK])
            seconds.append(time.monotonic() - began)
    (folder / name).write_text(json.dumps({"gained": sorted(gained), "seconds": seconds}))
