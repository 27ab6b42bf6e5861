"""Processes that do nothing but claim, as fast as they can, all of the same trials."""

import json
import time

from fitgap.runner.store import open_store_for_writing

from support.databases.plain_plans import IDENTITY

PACK = 10


def claim_all(address, folder, name, start):
    """Claim every trial of the sweep, pack by pack, as soon as all others are ready; note what was gained and how long
    each claim took.
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
