"""The program that probes a cluster and prints what it finds as a line of JSON.

The nodes need only Python, NumPy and Ray: the function that runs there is pickled by value.
"""

import contextlib
import json
import logging
import sys
import tempfile
from dataclasses import asdict
from typing import Any

from fitgap.runner.engine.cluster.probe import ANSWER, JOINED
from fitgap.runner.engine.ray import node_info

# A live node that does not answer in this time is left out; it may be added later.
SECONDS_TO_ANSWER = 30.0


def main(address: str) -> None:
    """Print the cluster's address and nodes, or the problem."""
    import ray

    # The nodes may not have our code.
    ray.cloudpickle.register_pickle_by_value(node_info)
    try:
        require_node()
        ray.init(address=address, logging_level=logging.ERROR, log_to_driver=False)
        print(f"\n{JOINED}", flush=True)
        nodes = node_info.answers_of(node_info.alive_nodes(), SECONDS_TO_ANSWER)
        found: dict[str, Any] = {
            "address": ray.get_runtime_context().gcs_address,
            "nodes": [asdict(node) for node in nodes],
        }
    except Exception as error:
        found = {"problem": f"{type(error).__name__}: {error}"}
    print(f"\n{ANSWER}{json.dumps(found)}", flush=True)


def require_node() -> None:
    """Raise RuntimeError if no node of any cluster runs on this machine; Ray would wait for one for a long time."""
    try:
        from ray._private.services import find_node_ids
    except ImportError:
        # Ray has another version without this function; its own error comes later.
        return
    if not find_node_ids():
        raise RuntimeError("no node runs on this machine")


if __name__ == "__main__":
    # Ray puts the driver's current folder first on the workers' module path.
    with tempfile.TemporaryDirectory(prefix="fitgap-") as folder, contextlib.chdir(folder):
        main(sys.argv[1])
