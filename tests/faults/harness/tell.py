"""Tells of a database that only another host reaches: `python -m harness.tell ADDRESS`, there, prints it as JSON."""

import json
import sys
from collections import Counter

from harness.evidence import Evidence, note_history


def told(host, address):
    """What `tell` finds, run on a host that reaches the database."""
    return json.loads(host.run("python", "-m", "harness.tell", "evidence", address))


def let_note_history(host, address):
    """Let the database note every change of a trial."""
    host.run("python", "-m", "harness.tell", "note", address)


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
