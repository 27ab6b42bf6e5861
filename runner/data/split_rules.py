"""Rules that choose the validation or test examples of a file: by group, order, a column, or another file."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

RuleName = Literal["group", "order", "marked"]
# Lower-case words by which a column marks examples. If it has none for validation, its test examples are used.
VALIDATION_WORDS = ("validation", "valid", "val", "dev", "true", "yes", "1")
TEST_WORDS = ("test", "testing", "holdout")
TRAINING_WORDS = ("training", "train", "false", "no", "0")
WORDS = (*VALIDATION_WORDS, *TEST_WORDS, *TRAINING_WORDS)


@dataclass(frozen=True)
class SplitRule:
    """A rule: `group` keeps examples with equal values in a column together, `last` takes the last examples, sorted by
    a column if one is given, `column` takes those that a column marks, and `file` takes all examples of a second file.

    `amount` is a share or a count.
    """

    kind: Literal["group", "last", "column", "file"]
    name: str | None = None
    amount: float | int = 0.3
    folds: int = 0

    @property
    def column(self) -> str | None:
        """The column that decides; it is not an input."""
        return None if self.kind == "file" else self.name

    @property
    def file(self) -> str | None:
        return self.name if self.kind == "file" else None

    @property
    def rule(self) -> RuleName:
        """The rule of the division; see `fitgap.core.datasets.Division`."""
        rules: dict[str, RuleName] = {"group": "group", "last": "order", "column": "marked", "file": "marked"}
        return rules[self.kind]

    def canonical(self) -> dict[str, Any]:
        """The mapping that reads back as this rule."""
        if self.kind == "group":
            amount = {"folds": self.folds} if self.folds else {"amount": self.amount}
            return {"group": self.name, **amount}
        if self.kind == "last":
            return {"last": self.amount, **({"by": self.name} if self.name else {})}
        return {self.kind: self.name}


def is_marked(words: Sequence[str], use: str, *, is_shared: bool) -> np.ndarray:
    """Which rows (N,) a column of WORDS marks for a use. `is_shared` says that it marks the other use, too.

    Raises ValueError if it also marks test examples that no rule uses.
    """
    wanted: tuple[str, ...] = VALIDATION_WORDS
    present = set(words)
    if use == "test":
        wanted = TEST_WORDS if is_shared or present & set(TEST_WORDS) else VALIDATION_WORDS
    elif not is_shared and present & set(TEST_WORDS):
        if present & set(VALIDATION_WORDS):
            raise ValueError("it has test examples, too")
        wanted = TEST_WORDS
    return np.array([word in wanted for word in words])
