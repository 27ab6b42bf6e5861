"""Handling of missing values and of text in the inputs of a file."""

from dataclasses import dataclass

from fitgap.core.preprocessing import FILLINGS
from fitgap.runner.data.error_texts import file_error

# `drop` removes examples with missing inputs; the fillings compute a value from the training examples.
MISSING = ("refuse", "drop", *FILLINGS)
# `one_hot` turns every category into an input of 0 and 1.
TEXT = ("refuse", "one_hot")


@dataclass(frozen=True)
class Handling:
    """One word of MISSING and one of TEXT. A missing target is always refused."""

    missing: str = "refuse"
    text: str = "refuse"

    @property
    def fills(self) -> bool:
        """Whether missing inputs are kept as NaN, to be filled once the training examples are known."""
        return self.missing in FILLINGS


def check_complete(source: str, complete: int, rows: int) -> None:
    """Raise DataError if fewer than two of the rows are complete."""
    if complete < 2:
        rule = f"only {complete} of the {rows} rows have all their inputs; at least 2 are needed"
        raise file_error(source, f"{rule}; choose mean or median for missing values, or remove a column")
