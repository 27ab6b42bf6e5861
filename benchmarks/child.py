"""The child process of a measurement: reads a job from standard input and writes its figures to standard output."""

import json
import os
import sys
import time
from importlib import import_module

# When this process started, for jobs that measure from the start of the command.
STARTED = time.time()


def main() -> None:
    """Run one job. Standard output carries only the figures; the output of libraries goes to standard error."""
    figures = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    task = json.load(sys.stdin)
    if task["cores"]:
        # Set this before importing anything that counts cores or starts threads.
        os.sched_setaffinity(0, task["cores"])
    module, name = task["function"].split(":")
    result = getattr(import_module(module), name)(**task["arguments"])
    json.dump(result, figures)
    figures.flush()


if __name__ == "__main__":
    # Register the module under its own name too, so that jobs that import it see the same STARTED.
    sys.modules["benchmarks.child"] = sys.modules["__main__"]
    main()
