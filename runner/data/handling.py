"""What becomes of missing values and of text among the inputs of a file."""

from dataclasses import dataclass

from fitgap.core.preprocessing import FILLINGS
from fitgap.runner.data.wording import file_error

# `drop` leaves out the examples that lack an input; the others fill it from what the training examples have.
MISSING = ("refuse", "drop", *FILLINGS)
# `one_hot` makes an input of 0 and 1 of every category.
TEXT = ("refuse", "one_hot")


@dataclass(frozen=True)
class Handling:
    """One word of MISSING and one of TEXT. A missing target is refused whatever they are."""

    missing: str = "refuse"
    text: str = "refuse"

    @property
    def fills(self) -> bool:
        """Whether missing inputs stay, as NaN, until the training examples are known."""
        return self.missing in FILLINGS


def check_complete(source: str, complete: int, rows: int) -> None:
    """Raises DataError when fewer than two of the rows are left after those that lack an input are dropped."""
    if complete < 2:
        rule = f"only {complete} of the {rows} rows have all their inputs; at least 2 are needed"
        raise file_error(source, f"{rule}; choose mean or median for missing values, or remove a column")
