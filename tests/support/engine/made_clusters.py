"""Made-up clusters and nodes, in the form in which real ones are found."""

from fitgap.runner.engine.cluster.description import Cluster, ClusterSettings, NodeFacts
from fitgap.runner.engine.cluster.probe import versions_here


def node(name="10.0.0.2", cores=4, **changes):
    here = versions_here()
    plain = {
        "node_id": f"id of {name}",
        "name": name,
        "cores": cores,
        "memory_bytes": 8 << 30,
        "cache_bytes": 1 << 20,
        "python": here.python,
        "numpy": here.numpy,
        "blas": "openblas 0.3 Zen",
        "llvmlite": "0.50.0",
    }
    return NodeFacts(**{**plain, **changes})


def cluster(*nodes, **settings):
    return Cluster(ClusterSettings("10.0.0.1:6379", **settings), "10.0.0.1:6379", nodes)
