"""Names of target columns, as written by users."""

from collections.abc import Sequence

from fitgap.runner.data.columns.raw_table import Table


def resolved_target(table: Table, target: Sequence[str], *, strict: bool) -> tuple[str, ...]:
    """The columns that these names refer to, ignoring spaces around names and, unless `strict`, the case of letters.

    Names separated by commas may in fact be a single name that contains commas. Names that match no column are returned
    unchanged.
    """
    columns = table.frame.columns
    if (whole := ",".join(target)) in columns:
        return (whole,)
    return tuple(nearest_name(name, columns, strict) for name in target)


def nearest_name(name: str, columns: Sequence[str], strict: bool) -> str:
    """The only column whose name matches except for spaces and case, or else the name itself."""
    if name in columns:
        return name
    if name.strip() in columns:
        return name.strip()
    folded = [column for column in columns if column.casefold() == name.strip().casefold()]
    return folded[0] if len(folded) == 1 and not strict else name
