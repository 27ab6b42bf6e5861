"""The status of a trial."""

from enum import StrEnum


class Status(StrEnum):
    """The status of a trial. `pending` and `running` are temporary; all others are final."""

    PENDING = "pending"
    RUNNING = "running"
    COMPLETED = "completed"
    DIVERGED = "diverged"
    PRUNED = "pruned"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        return self not in (Status.PENDING, Status.RUNNING)
