"""`fitgap inspect`: look at a data file before training."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer
from fitgap.runner.cli.options import sweep_flags
from fitgap.runner.cli.options.common import as_text

if TYPE_CHECKING:
    from fitgap.runner.data.inspection import Inspection


class PageFormat(StrEnum):
    """How an inspection is printed."""

    TABLE = "table"
    JSON = "json"


Data = Annotated[str, typer.Argument(metavar="FILE", help="Data file.", show_default=False, callback=as_text)]
OutputFormat = Annotated[PageFormat, typer.Option("--format", help="Output format.")]
KEYS = ("column", "type", "use", "missing", "distinct", "range", "distribution")
# Blocks of growing height.
LEVELS = "▁▂▃▄▅▆▇█"
MOST_CLASSES = 8


def inspect(
    file: Data,
    target: sweep_flags.Target = None,
    inputs: sweep_flags.Inputs = None,
    ignore: sweep_flags.Ignore = None,
    categorical: sweep_flags.Categorical = None,
    dates: sweep_flags.Dates = None,
    target_kind: sweep_flags.TargetKind = None,
    separator: sweep_flags.Separator = None,
    decimal: sweep_flags.Decimal = None,
    encoding: sweep_flags.Encoding = None,
    missing_values: sweep_flags.MissingValues = None,
    output_format: OutputFormat = PageFormat.TABLE,
) -> None:
    """Show the columns of a data file, what fitgap would do with them, and a command to start with."""
    from fitgap.runner.cli.render.formats import print_json
    from fitgap.runner.data.inspection import inspect_file
    from fitgap.runner.spec import Flags, data_from_flags

    flags = Flags(
        data=file,
        target=[target] if target else [],
        inputs=inputs or [],
        ignore=ignore or [],
        categorical=categorical or [],
        dates=dates or [],
        target_kind=target_kind,
        separator=separator,
        decimal=decimal,
        encoding=encoding,
        missing_values=missing_values or [],
    )
    settings = data_from_flags(flags)
    inspection = inspect_file(file, settings.target, settings.file_choices)
    if output_format is PageFormat.JSON:
        print_json(inspection.as_json())
    else:
        print_page(inspection)


def print_page(inspection: "Inspection") -> None:
    """Print an inspection for people."""
    from fitgap.runner.amounts import counted
    from fitgap.runner.cli.render.lines import say
    from fitgap.runner.cli.render.text_tables import print_table

    size = f"{counted(inspection.rows, 'row')}, {counted(len(inspection.columns), 'column')}"
    say(", ".join(filter(None, [f"{inspection.source}: {inspection.format}, {size}", inspection.layout])))
    print_table([row(column) for column in inspection.columns], KEYS)
    if inspection.target and inspection.target["kind"]:
        say(target_line(inspection.target))
    say(*(f"! {warning}" for warning in inspection.warnings))
    if inspection.command:
        say(f"start with: {inspection.command}")


def row(column: Any) -> dict[str, Any]:
    """A column as a row of the table."""
    use = f"ignored: {column.reason}" if column.reason else column.use
    if column.lowest is None:
        values = ", ".join(f"{value[:20]} {count}" for value, count in column.frequent[:3]) if column.distinct else ""
    elif isinstance(column.lowest, str):
        values = f"{column.lowest} to {column.highest}"
    else:
        values = f"{column.lowest:g} to {column.highest:g}"
    return {
        "column": column.name,
        "type": column.type,
        "use": use,
        "missing": column.missing,
        "distinct": column.distinct,
        "range": values,
        "distribution": blocks(column.histogram),
    }


def blocks(counts: list[int]) -> str:
    """A histogram as blocks; digits where the output has no blocks."""
    highest = max(counts, default=0)
    return "".join(LEVELS[round(count / highest * (len(LEVELS) - 1))] if count else " " for count in counts)


def target_line(target: dict[str, Any]) -> str:
    """The kind of the target, with its classes."""
    if target["kind"] == "numbers":
        return f"target {target['name']}: numbers"
    classes = target["classes"]
    shown = ", ".join(f"{each['class']} {each['count']:,}" for each in classes[:MOST_CLASSES])
    more = f", … {len(classes) - MOST_CLASSES} more" if len(classes) > MOST_CLASSES else ""
    return f"target {target['name']}: {len(classes)} classes ({shown}{more})"
