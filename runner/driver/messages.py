"""Messages between the first driver of a sweep and its further drivers."""

from dataclasses import dataclass, replace

from fitgap.runner.engine import ClusterStatus
from fitgap.runner.engine.placement import Placement


@dataclass(frozen=True)
class DriverSetup:
    """What a further driver needs: the sweep, its database (with the password) and the share of the workers."""

    sweep_id: int
    database: str
    placement: Placement


@dataclass(frozen=True)
class DriverShare:
    """What a further driver has trained since its last message, and the state of its part of the cluster, if any."""

    epochs: int = 0
    rows: int = 0
    best_e_v: float = float("inf")
    status: ClusterStatus | None = None
    driver: int = 0

    def and_also(self, epochs: int, rows: int, best_e_v: float) -> "DriverShare":
        """This share with more epochs and rows."""
        return DriverShare(self.epochs + epochs, self.rows + rows, min(self.best_e_v, best_e_v))

    def with_status(self, status: ClusterStatus | None) -> "DriverShare":
        return replace(self, status=status)

    def from_driver(self, driver: int) -> "DriverShare":
        """This share with the number of the driver that it comes from."""
        return replace(self, driver=driver)


@dataclass(frozen=True)
class DriverEnded:
    """The last message of a further driver: the number of trials reset to pending, and what went wrong, if anything."""

    released: int
    problem: str | None = None
