"""The other side of `processes`: reads a job from standard input, measures, writes its figures to standard output."""

import json
import os
import sys
import time
from importlib import import_module

# When this process began, for jobs that count from the command on.
STARTED = time.time()


def main() -> None:
    """Run one job. What libraries print goes to standard error; the figures alone are on standard output."""
    figures = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    task = json.load(sys.stdin)
    if task["cores"]:
        # Before anything is imported that counts cores or starts threads.
        os.sched_setaffinity(0, task["cores"])
    module, name = task["function"].split(":")
    result = getattr(import_module(module), name)(**task["arguments"])
    json.dump(result, figures)
    figures.flush()


if __name__ == "__main__":
    # Under its own name too, so that jobs that import it see the same STARTED.
    sys.modules["benchmarks.child"] = sys.modules["__main__"]
    main()
