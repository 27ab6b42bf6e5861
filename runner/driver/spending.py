"""How much of its budget a driver has spent, and whether it may train more."""

import time
from dataclasses import dataclass, field

from fitgap.runner.amounts import counted
from fitgap.runner.messages import Block
from fitgap.runner.spec import Budget


@dataclass
class Spending:
    """The trials and epochs trained so far, and the time since the driver began."""

    budget: Budget = field(default_factory=Budget)
    trials: int = 0
    epochs: int = 0
    began: float = field(default_factory=time.monotonic)

    @property
    def trials_left(self) -> int | None:
        """How many more trials may be started; None if there is no limit."""
        return None if self.budget.trials is None else max(0, self.budget.trials - self.trials)

    @property
    def is_to_stop(self) -> bool:
        """Whether packs in training must stop: the epochs or the time are used up."""
        epochs, seconds = self.budget.epochs, self.budget.seconds
        return (epochs is not None and self.epochs >= epochs) or (
            seconds is not None and time.monotonic() - self.began >= seconds
        )

    @property
    def reason(self) -> str | None:
        """Which limit is reached, such as `60 trials`; None if more may be trained."""
        budget = self.budget
        if self.trials_left == 0:
            return counted(self.trials, "trial")
        if budget.epochs is not None and self.epochs >= budget.epochs:
            return counted(self.epochs, "epoch")
        return f"{budget.seconds:g} s" if self.is_to_stop else None

    def add(self, block: Block) -> None:
        """Count the epochs of a block."""
        if block.trained is not None:
            self.epochs += int(block.trained.count.sum())
