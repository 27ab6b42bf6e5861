"""A process of its own that looks at a cluster and prints what it finds, as a line of JSON.

It needs nothing on the nodes but Python, NumPy and Ray: what runs there travels by value.
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

# A node that is alive but does not answer by then is left out; it may come later.
SECONDS_TO_ANSWER = 30.0


def main(address: str) -> None:
    """Print the cluster's address and its nodes, or what the problem is."""
    import ray

    # The nodes need not have our code.
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
    """Raise RuntimeError where no node of any cluster runs on this machine: Ray would wait for one for a long time."""
    try:
        from ray._private.services import find_node_ids
    except ImportError:
        # Another version of Ray; it says so itself, later.
        return
    if not find_node_ids():
        raise RuntimeError("no node runs on this machine")


if __name__ == "__main__":
    # Ray puts the folder that a driver stands in at the head of the workers' module path.
    with tempfile.TemporaryDirectory(prefix="fitgap-") as folder, contextlib.chdir(folder):
        main(sys.argv[1])
