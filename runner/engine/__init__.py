"""Engines, which train packs: in this process, in local processes or with Ray, behind one protocol."""

from fitgap.runner.engine.cluster.description import Cluster, ClusterSettings
from fitgap.runner.engine.cluster.probe import find_cluster
from fitgap.runner.engine.factory import ENGINES, early_processes, make_engine, require_engine
from fitgap.runner.engine.interface import ClusterStatus, Engine, Notify, ignore

__all__ = [
    "ENGINES",
    "Cluster",
    "ClusterSettings",
    "ClusterStatus",
    "Engine",
    "Notify",
    "early_processes",
    "find_cluster",
    "ignore",
    "make_engine",
    "require_engine",
]
