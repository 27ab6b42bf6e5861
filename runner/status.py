"""The status of a trial."""

from enum import StrEnum


class Status(StrEnum):
    """Where a trial stands. `pending` and `running` change; the others are how a trial ended, and stay."""

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
