"""Which epochs of a trial become rows. All are trained and measured; storing fewer is easier on driver and database."""

from dataclasses import dataclass
from typing import Any, Self

from fitgap.core.causes import late_start

# Ever sparser: so many between any number, from this one on, and its double.
EPOCHS_PER_DOUBLING = 8


@dataclass(frozen=True)
class Recording:
    """Every `every`-th epoch is recorded, or ever fewer of them where that is None; the first one always is.

    Ever fewer are all up to 16, every second up to 32, every fourth up to 64, and so on.
    """

    every: int | None = 1

    @property
    def is_complete(self) -> bool:
        return self.every == 1

    def includes(self, epoch: int) -> bool:
        """Whether an epoch is recorded, whatever becomes of its trial."""
        step = self.every or max(1, (1 << (epoch - 1).bit_length()) // (2 * EPOCHS_PER_DOUBLING))
        return epoch == 1 or epoch % step == 0

    def rows_of(self, last: int, best: int | None) -> int:
        """How many rows a trial has that ended after the epoch `last`."""
        return self._included(last) + sum(not self.includes(epoch) for epoch in always_recorded(last, best))

    def _included(self, last: int) -> int:
        """How many of the epochs from 1 to `last` are included."""
        if self.every:
            return last // self.every + (self.every > 1)
        if last <= 2 * EPOCHS_PER_DOUBLING:
            return last
        # `last` lies between this power of 2 and the next.
        below = 1 << (last - 1).bit_length() - 1
        doublings = (below // (2 * EPOCHS_PER_DOUBLING)).bit_length() - 1
        return EPOCHS_PER_DOUBLING * (2 + doublings) + (last - below) // (below // EPOCHS_PER_DOUBLING)

    @classmethod
    def from_canonical(cls, written: Any) -> Self:
        """The recording that `canonical` wrote."""
        return cls(1 if written == "all" else written.get("every"))

    def canonical(self) -> Any:
        """As a sweep file has it."""
        if self.every is None:
            return {"epochs": "log"}
        return "all" if self.is_complete else {"every": self.every}


COMPLETE = Recording()


def always_recorded(last: int, best: int | None) -> set[int]:
    """The epochs by which a trial is judged: the last, the best, and that by which E_t is seen to fall still."""
    return {last, late_start(last)} | ({best} if best else set())
