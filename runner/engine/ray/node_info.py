"""Queries to the nodes of a cluster: their resources and software versions."""

import time
from typing import Any

from fitgap.runner.engine.cluster.description import NodeFacts


def alive_nodes() -> dict[str, dict[str, Any]]:
    """The nodes that Ray considers alive, by their ids."""
    import ray

    return {node["NodeID"]: node for node in ray.nodes() if node["Alive"]}


def ask(node_id: str) -> Any:
    """Query a node's versions; returns the Ray reference of its answer."""
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    there = NodeAffinitySchedulingStrategy(node_id, soft=False)
    options: Any = {"num_cpus": 0, "max_retries": 0, "scheduling_strategy": there}
    return ray.remote(**options)(describe_node).remote()


def answers_of(nodes: dict[str, dict[str, Any]], seconds: float) -> list[NodeFacts]:
    """The facts about the nodes that answer within `seconds`."""
    import ray

    deadline = time.monotonic() + seconds
    questions = {ask(node_id): node for node_id, node in nodes.items()}
    waiting, found = list(questions), []
    while waiting and (left := deadline - time.monotonic()) > 0:
        answered, waiting = ray.wait(waiting, timeout=left)
        found += [facts for each in answered if (facts := facts_of(questions[each], each))]
    return found


def facts_of(node: dict[str, Any], answer: Any) -> NodeFacts | None:
    """The facts from Ray's record and from the node's answer; None if the node has died."""
    import ray

    try:
        answer = ray.get(answer)
    except ray.exceptions.RayError:
        return None
    resources = node["Resources"]
    cores, memory = int(resources.get("CPU", 0)), int(resources.get("memory", 0))
    return NodeFacts(node_id=node["NodeID"], name=name_of(node), cores=cores, memory_bytes=memory, **answer)


def name_of(node: dict[str, Any]) -> str:
    """A human-readable name of a node."""
    host, address = node.get("NodeManagerHostname"), node["NodeManagerAddress"]
    return f"{host} ({address})" if host and host != address else str(address)


def describe_node() -> dict[str, Any]:
    """The versions and cache size of a node. Runs there, where fitgap may not be installed."""
    import os
    import platform
    from importlib.metadata import PackageNotFoundError, version

    import numpy as np

    names = getattr(os, "sysconf_names", {})
    cache = os.sysconf("SC_LEVEL2_CACHE_SIZE") if "SC_LEVEL2_CACHE_SIZE" in names else 0
    try:
        from threadpoolctl import threadpool_info
    except ImportError:
        blas = ""
    else:
        loaded = [each for each in threadpool_info() if each["user_api"] == "blas"]
        blas = (
            " ".join(str(loaded[0].get(key)) for key in ("internal_api", "version", "architecture")) if loaded else ""
        )
    try:
        llvmlite = version("llvmlite")
    except PackageNotFoundError:
        llvmlite = ""
    return {
        "cache_bytes": max(cache, 0),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "blas": blas,
        "llvmlite": llvmlite,
    }
