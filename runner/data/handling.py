"""Handling of missing values, of text in the inputs, and of the target of a file."""

from dataclasses import dataclass

from fitgap.core.scaling import FILLINGS
from fitgap.runner.data.error_texts import file_error

# `drop` removes examples with missing inputs, and `drop_any` does so even if that removes most of them. FILLINGS use a
# value computed from the training examples.
MISSING = ("refuse", "drop", "drop_any", *FILLINGS)
# `one_hot` turns every category into an input that is 0 or 1.
TEXT = ("refuse", "one_hot")
TARGET_KINDS = ("classes", "numbers")


@dataclass(frozen=True)
class Handling:
    """One word of MISSING, one of TEXT, and one of TARGET_KINDS, or None to decide by the values.

    With `checks`, targets that cannot be learned are refused. With `drops_untargeted`, examples without a target are
    left out instead of refused. `categories` are text columns even if most of their cells are numbers.
    """

    missing: str = "refuse"
    text: str = "refuse"
    target_kind: str | None = None
    checks: bool = False
    drops_untargeted: bool = False
    categories: tuple[str, ...] = ()

    @property
    def fills(self) -> bool:
        """Whether missing inputs are kept as NaN, to be filled once the training examples are known."""
        return self.missing in FILLINGS

    @property
    def drops(self) -> bool:
        """Whether examples with missing inputs are left out."""
        return self.missing in ("drop", "drop_any")


def check_complete(source: str, complete: int, rows: int) -> None:
    """Raise DataError if fewer than two of the rows are complete."""
    if complete < 2:
        rule = f"only {complete} of the {rows} rows have all their inputs; at least 2 are needed"
        raise file_error(source, f"{rule}; choose mean or median for missing values, or remove a column")
