"""Reasons for ignoring a column."""

from collections.abc import Mapping

NOT_CHOSEN, ASKED, SPLITS, WEIGHTS = "not chosen", "as asked", "splits the examples", "weights the examples"
NO_NAME, COUNTER, EMPTY, UNIQUE = "no name", "counts the rows", "empty", "unique per row"
# For columns with values only in rows that are left out because they lack a target.
NEVER_WITH_TARGET = "no values in rows with a target"
FREE_TEXT, MANY, NESTED, IDENTIFIER = (
    "free text",
    "too many different values",
    "not numbers or text",
    "identifies the row",
)


def reasons_by_column(ignored: Mapping[str, str]) -> dict[str, list[str]]:
    """The columns that fitgap ignored on its own, by reason."""
    grouped: dict[str, list[str]] = {}
    for name, reason in ignored.items():
        if reason not in (ASKED, NOT_CHOSEN, SPLITS, WEIGHTS):
            grouped.setdefault(reason, []).append(name)
    return grouped
