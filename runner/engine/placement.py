"""The placement of a sweep: the engine, the number of workers, and the cluster, if any."""

from dataclasses import dataclass

from fitgap.runner.engine import Cluster, ClusterSettings, find_cluster, require_engine
from fitgap.runner.errors import ClusterError, SpecError
from fitgap.runner.system.cores import usable_cores

AUTO = "auto"
# By default, a database server accepts 100 connections, and each driver uses two.
MOST_DRIVERS = 40
LONGEST_NUMBER = 9


@dataclass(frozen=True)
class Placement:
    """A valid engine, its maximum number of workers, and the cluster on which it runs, if any (already probed).

    `drivers` is the number of driver processes; None for as many as the workers need.
    """

    engine: str
    workers: int | None = None
    cluster: Cluster | None = None
    drivers: int | None = 1

    @property
    def worker_count(self) -> int:
        """How many packs can train at the same time, as far as known before training."""
        if self.cluster:
            return min(self.cluster.workers, self.workers or self.cluster.workers)
        return 1 if self.engine == "local" else self.workers or usable_cores()

    def share(self, number: int) -> "Placement":
        """The share of driver `number` (from 0): drivers divide the workers, including those of a cluster."""
        if self.drivers is None or self.drivers == 1:
            return self
        whole = self.workers if self.cluster else self.workers or usable_cores()
        workers = whole and max(1, (whole + self.drivers - 1 - number) // self.drivers)
        return Placement(self.engine, workers, self.cluster and self.cluster.shared_by(self.drivers))


def placement_of(
    engine: str,
    workers: int | None = None,
    address: str | None = None,
    cores_per_pack: int | None = None,
    most_in_flight: int | None = None,
    mixed_versions: bool = False,
    drivers: int | str = 1,
) -> Placement:
    """Check these settings, and contact the cluster if there is an address, before anything is written.

    Raises SpecError for a setting with a wrong value, ClusterError for settings that exclude each other and for a
    cluster that cannot be used.
    """
    require_engine(engine)
    require_count("workers", workers, "one per core")
    require_count("cpus_per_pack", cores_per_pack, "1")
    require_count("max_in_flight", most_in_flight, "a few more than there are workers")
    driver_count = drivers_of(drivers)
    if address is None:
        refuse_without_address(cores_per_pack, most_in_flight, mixed_versions)
        return Placement(engine, workers, drivers=driver_count)
    if engine == "local":
        raise ClusterError(
            f"the engine local trains in this process, not on the cluster at {address}; drop one of them"
        )
    settings = ClusterSettings(address, cores_per_pack or 1, most_in_flight, mixed_versions)
    # A cluster is always used through Ray.
    return Placement("ray", workers, find_cluster(settings), driver_count)


def drivers_of(value: int | str) -> int | None:
    """The number of drivers, given as a number or text; None for `auto`. Raises SpecError if it is invalid."""
    number = int(value) if isinstance(value, str) and value.isdecimal() and len(value) < LONGEST_NUMBER else value
    if number == AUTO:
        return None
    is_count = isinstance(number, int) and not isinstance(number, bool)
    if not (is_count and 1 <= int(number) <= MOST_DRIVERS):
        raise SpecError(f"--drivers must be a whole number from 1 to {MOST_DRIVERS}, or auto, but is {value!r}")
    return int(number)


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
