"""What only another host can read in a database: `python -m support.faults.tell evidence ADDRESS` prints it there."""

import json
import sys
from collections import Counter

from support.faults.evidence import Evidence, note_history


def told(host, address):
    """What `tell` finds, run on a host that reaches the database."""
    return json.loads(host.run("python", "-m", "support.faults.tell", "evidence", address))


def let_note_history(host, address):
    """Let the database note every change of a trial."""
    host.run("python", "-m", "support.faults.tell", "note", address)


def tell(address):
    """What a sweep found, how many trials and drivers there were, and everything that went wrong."""
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
