"""Names of target columns, as written by users."""

from collections.abc import Sequence

from fitgap.runner.data.columns.raw_table import Table


def resolved_target(table: Table, target: Sequence[str], *, strict: bool) -> tuple[str, ...]:
    """The target columns that are meant: spaces and, unless `strict`, the case of letters do not matter.

    Names that were separated by commas may be a single name with commas in it. Names that fit no column are returned
    as they are.
    """
    columns = table.frame.columns
    if (whole := ",".join(target)) in columns:
        return (whole,)
    return tuple(nearest_name(name, columns, strict) for name in target)


def nearest_name(name: str, columns: Sequence[str], strict: bool) -> str:
    """The only column with this name but for spaces and case, or the name itself."""
    if name in columns:
        return name
    if name.strip() in columns:
        return name.strip()
    folded = [column for column in columns if column.casefold() == name.strip().casefold()]
    return folded[0] if len(folded) == 1 and not strict else name
