"""Which epochs of a trial are stored as rows. All are measured; storing fewer saves work for driver and database."""

from dataclasses import dataclass
from typing import Any, Self

from fitgap.core.error_curves import late_start

# Logarithmic recording stores this many epochs between any epoch (from this number on) and its double.
EPOCHS_PER_DOUBLING = 8


@dataclass(frozen=True)
class Recording:
    """Records every `every`-th epoch, or logarithmically spaced epochs if `every` is None; always the first epoch.

    Logarithmic recording stores every epoch up to 16, every second up to 32, every fourth up to 64, and so on.
    """

    every: int | None = 1

    @property
    def is_complete(self) -> bool:
        return self.every == 1

    def includes(self, epoch: int) -> bool:
        """Whether an epoch is recorded regardless of how its trial ends."""
        step = self.every or max(1, (1 << (epoch - 1).bit_length()) // (2 * EPOCHS_PER_DOUBLING))
        return epoch == 1 or epoch % step == 0

    def rows_of(self, last: int, best: int | None) -> int:
        """Number of rows of a trial that ended after epoch `last` and had its best E_v after epoch `best`."""
        return self._included(last) + sum(not self.includes(epoch) for epoch in always_recorded(last, best))

    def _included(self, last: int) -> int:
        """The number of epochs from 1 to `last` that are included."""
        if self.every:
            return last // self.every + (self.every > 1)
        if last <= 2 * EPOCHS_PER_DOUBLING:
            return last
        # The largest power of 2 below `last`.
        below = 1 << (last - 1).bit_length() - 1
        doublings = (below // (2 * EPOCHS_PER_DOUBLING)).bit_length() - 1
        return EPOCHS_PER_DOUBLING * (2 + doublings) + (last - below) // (below // EPOCHS_PER_DOUBLING)

    @classmethod
    def from_canonical(cls, written: Any) -> Self:
        """The inverse of `canonical`."""
        return cls(1 if written == "all" else written.get("every"))

    def canonical(self) -> Any:
        """The recording in sweep-file form."""
        if self.every is None:
            return {"epochs": "log"}
        return "all" if self.is_complete else {"every": self.every}


COMPLETE = Recording()


def always_recorded(last: int, best: int | None) -> set[int]:
    """The epochs that the diagnosis needs: the last, the best, and the one that shows whether E_t is still falling."""
    return {last, late_start(last)} | ({best} if best else set())
