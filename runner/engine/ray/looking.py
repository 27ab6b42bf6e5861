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

from runner.engine.cluster import ANSWER, NodeFacts

# A node that is alive but does not answer by then is left out; it may come later.
SECONDS_TO_ANSWER = 12.0


def main(address: str) -> None:
    """Print the cluster's address and its nodes, or what the problem is."""
    import ray

    try:
        ray.init(address=address, logging_level=logging.ERROR, log_to_driver=False)
        nodes = facts_of(alive_nodes())
        found: dict[str, Any] = {
            "address": ray.get_runtime_context().gcs_address,
            "nodes": [asdict(node) for node in nodes],
        }
    except Exception as error:
        found = {"problem": f"{type(error).__name__}: {error}"}
    print(f"\n{ANSWER}{json.dumps(found)}", flush=True)


def alive_nodes() -> list[dict[str, Any]]:
    """The nodes that Ray takes for alive."""
    import ray

    return [node for node in ray.nodes() if node["Alive"]]


def facts_of(nodes: list[dict[str, Any]]) -> list[NodeFacts]:
    """What those of the nodes tell of themselves that answer."""
    import ray

    questions = {ask(node["NodeID"]): node for node in nodes}
    answered, _ = ray.wait(list(questions), num_returns=len(questions), timeout=SECONDS_TO_ANSWER)
    return [node_facts(questions[answer], ray.get(answer)) for answer in answered]


def ask(node_id: str) -> Any:
    """Ask a node for what it computes with; returns the reference of its answer."""
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    there = NodeAffinitySchedulingStrategy(node_id, soft=False)
    options: Any = {"num_cpus": 0, "max_retries": 0, "scheduling_strategy": there}
    return ray.remote(**options)(describe_node).remote()


def node_facts(node: dict[str, Any], told: dict[str, Any]) -> NodeFacts:
    """A node as Ray knows it and as it has told."""
    return NodeFacts(node_id=node["NodeID"], name=name_of(node), cores=int(node["Resources"].get("CPU", 0)), **told)


def name_of(node: dict[str, Any]) -> str:
    """What people call a node."""
    host, address = node["NodeManagerHostname"], node["NodeManagerAddress"]
    return f"{host} ({address})" if host and host != address else str(address)


def describe_node() -> dict[str, Any]:
    """What a node computes with. Runs there, maybe without fitgap."""
    import os
    import platform

    import numpy as np

    names = getattr(os, "sysconf_names", {})
    cache = os.sysconf("SC_LEVEL2_CACHE_SIZE") if "SC_LEVEL2_CACHE_SIZE" in names else 0
    try:
        from threadpoolctl import threadpool_info

        loaded = [each for each in threadpool_info() if each["user_api"] == "blas"]
        blas = (
            " ".join(str(loaded[0].get(key)) for key in ("internal_api", "version", "architecture")) if loaded else ""
        )
    except ImportError:
        blas = ""
    return {"cache_bytes": max(cache, 0), "python": platform.python_version(), "numpy": np.__version__, "blas": blas}


if __name__ == "__main__":
    # Ray puts the folder that a driver stands in at the head of the workers' module path.
    with tempfile.TemporaryDirectory(prefix="fitgap-") as folder, contextlib.chdir(folder):
        main(sys.argv[1])
