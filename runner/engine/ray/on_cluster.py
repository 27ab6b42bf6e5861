"""A Ray cluster that somebody else has started: this process joins it and brings its own code along."""

import contextlib
import logging
import os
import tempfile
from pathlib import Path
from typing import Any

from runner.blas import THREAD_VARIABLES
from runner.engine.cluster import Cluster
from runner.engine.ray.notices import BoardNotices

# Where our packages lie.
PACKAGES = Path(__file__).resolve().parents[3]
# Of our packages, what no worker needs.
LEFT_OUT = ["__pycache__", "*.pyc", "*.npz", "web", "cli"]


class OnCluster:
    """Where packs train: the nodes of a cluster, of which some may come and go."""

    advice = "look at the cluster with `ray status`, then go on with `fitgap resume`"

    def __init__(self, cluster: Cluster, most_workers: int | None):
        self.cluster, self.most_workers = cluster, most_workers
        self.most_in_flight = cluster.settings.most_in_flight
        self.task_options: dict[str, object] = {"num_cpus": cluster.settings.cores_per_pack}

    @property
    def workers(self) -> int:
        """How many packs can train at the same time, as far as they may."""
        return min(self.cluster.workers, self.most_workers or self.cluster.workers)

    def prepare(self) -> None:
        """What must be there before it is opened, in the thread that uses it."""

    def open(self) -> None:
        """Join the cluster; takes a second or two, and a node some more until it has our code."""
        join(self.cluster.address)
        self.notices = BoardNotices()

    def close(self) -> None:
        """Nothing of ours is left."""

    def abandon(self) -> None:
        """Nothing of ours is left."""


def join(address: str) -> None:
    """Make this process a driver of a cluster, with the packages `core` and `runner` for its workers."""
    import ray

    environment: Any = {
        "py_modules": [str(PACKAGES / "core"), str(PACKAGES / "runner")],
        "excludes": LEFT_OUT,
        "env_vars": dict.fromkeys(THREAD_VARIABLES, "1"),
    }
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    # Ray puts the current folder at the head of the workers' module path; a `core` or `runner.py` there must not win.
    with tempfile.TemporaryDirectory(prefix="fitgap-") as folder, contextlib.chdir(folder):
        ray.init(address=address, runtime_env=environment, logging_level=logging.ERROR, log_to_driver=False)
