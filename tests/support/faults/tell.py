"""Evidence from a database that only another host can reach: `python -m support.faults.tell evidence ADDRESS`, run
there.
"""

import json
import sys
from collections import Counter

from support.faults.evidence import Evidence, note_history


def told(host, address):
    """The output of `tell`, run on a host that can reach the database."""
    return json.loads(host.run("python", "-m", "support.faults.tell", "evidence", address))


def let_note_history(host, address):
    """Let the database record every change of a trial."""
    host.run("python", "-m", "support.faults.tell", "note", address)


def tell(address):
    """The results of a sweep, the numbers of trials by status, attempt and driver, and everything that went wrong."""
    found = Evidence(address)
    return {
        "export": found.export,
        "statuses": dict(found.counts),
        "attempts": Counter(row.attempt for row in found.trials.values()),
        "drivers": Counter(row.driver_id for row in found.trials.values()),
        "broken": found.broken_invariants,
        "gaps": found.gaps,
        "states": len(found.rows["state"]),
    }


if __name__ == "__main__":
    what, address = sys.argv[1:]
    if what == "note":
        note_history(address)
    else:
        print(json.dumps(tell(address)))
