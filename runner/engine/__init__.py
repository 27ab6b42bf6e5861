"""Where packs are trained: in this process or by Ray workers, behind one protocol."""

from core.data import Dataset
from runner.engine.cluster import Cluster, ClusterSettings
from runner.engine.cores import usable_cores
from runner.engine.looking import find_cluster
from runner.engine.protocol import Crew, Engine, Teller, ignore
from runner.errors import SpecError, nearest

__all__ = [
    "ENGINES",
    "Cluster",
    "ClusterSettings",
    "Crew",
    "Engine",
    "Teller",
    "find_cluster",
    "ignore",
    "make_engine",
    "require_engine",
    "usable_cores",
]

ENGINES = ("auto", "ray", "local")


def require_engine(name: str) -> None:
    """SpecError for an engine that does not exist."""
    if name not in ENGINES:
        raise SpecError(f"--engine {name!r}: {nearest(name, ENGINES)}")


def make_engine(
    name: str,
    dataset: Dataset,
    workers: int | None,
    expected_work: float,
    tell: Teller = ignore,
    cluster: Cluster | None = None,
) -> Engine:
    """The engine of this name, not yet started; `auto` decides by the expected work what is worth starting, and tells
    what cannot be. With a cluster it is Ray there, whatever the name.
    """
    require_engine(name)
    if cluster:
        from runner.engine.ray import RayEngine

        return RayEngine(dataset, workers, cluster, tell)
    if name == "local":
        from runner.engine.local import LocalEngine

        return LocalEngine(dataset)
    if name == "auto":
        from runner.engine.auto import AutoEngine

        return AutoEngine(dataset, workers, expected_work, tell)
    from runner.engine.ray import RayEngine

    return RayEngine(dataset, workers)
