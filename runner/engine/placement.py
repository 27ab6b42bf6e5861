"""The placement of a sweep: the engine, the number of workers, and the cluster, if any."""

from dataclasses import dataclass

from fitgap.runner.engine import Cluster, ClusterSettings, find_cluster, require_engine
from fitgap.runner.errors import ClusterError, SpecError


@dataclass(frozen=True)
class Placement:
    """A valid engine, its maximum number of workers, and the cluster on which it runs, which has answered."""

    engine: str
    workers: int | None = None
    cluster: Cluster | None = None


def placement_of(
    engine: str,
    workers: int | None = None,
    address: str | None = None,
    cores_per_pack: int | None = None,
    most_in_flight: int | None = None,
    mixed_versions: bool = False,
) -> Placement:
    """Check these settings, and contact the cluster if there is an address, before anything is written.

    Raises SpecError for a setting with a wrong value, ClusterError for settings that exclude each other and for a
    cluster that cannot be used.
    """
    require_engine(engine)
    require_count("workers", workers, "one per core")
    require_count("cpus_per_pack", cores_per_pack, "1")
    require_count("max_in_flight", most_in_flight, "a few more than there are workers")
    if address is None:
        refuse_without_address(cores_per_pack, most_in_flight, mixed_versions)
        return Placement(engine, workers)
    if engine == "local":
        raise ClusterError(
            f"the engine local trains in this process, not on the cluster at {address}; drop one of them"
        )
    settings = ClusterSettings(address, cores_per_pack or 1, most_in_flight, mixed_versions)
    # A cluster is always used through Ray.
    return Placement("ray", workers, find_cluster(settings))


def require_count(name: str, value: int | None, default: str) -> None:
    """Raise SpecError unless the value is a whole number from 1, or None for the default."""
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    if value is not None and not (is_whole and value >= 1):
        raise SpecError(f"{name} must be a whole number from 1, or None for {default}, but is {value!r}")


def refuse_without_address(cores_per_pack: int | None, most_in_flight: int | None, mixed_versions: bool) -> None:
    """Raise ClusterError for a setting that applies only to a cluster."""
    of_clusters = {"cpus-per-pack": cores_per_pack, "max-in-flight": most_in_flight, "mixed-versions": mixed_versions}
    for name, value in of_clusters.items():
        if value:
            raise ClusterError(f"{name} applies to a cluster only; add its address, or drop {name}")
