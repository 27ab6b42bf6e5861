"""`fitgap data`: the examples of a sweep or a trial, and how each is used (training, validation, test, unused)."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from fitgap.runner.cli.options.common import Database, Limit, Output

if TYPE_CHECKING:
    from fitgap.runner.used_examples import UsedExamples

# Maximum number of rows in a table.
TABLE_ROWS = 200


class DataFormat(StrEnum):
    """How examples are printed or written."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    PARQUET = "parquet"
    NPZ = "npz"


class SideName(StrEnum):
    """The sides that can be selected."""

    TRAINING = "training"
    VALIDATION = "validation"
    TEST = "test"
    UNUSED = "unused"


def data(
    what: Annotated[str, typer.Argument(metavar="SWEEP|TRIAL", help="Sweep name or trial number.", show_default=False)],
    repeat: Annotated[
        int | None, typer.Option(min=1, help="Repeat of the sweep (default: 1).", show_default=False)
    ] = None,
    side: Annotated[SideName | None, typer.Option(help="Only examples on this side.", show_default=False)] = None,
    scaled: Annotated[
        bool, typer.Option("--scaled/--raw", help="Inputs and numeric targets as networks get them, or as read.")
    ] = False,
    limit: Limit = None,
    output: Output = None,
    database: Database = None,
    output_format: Annotated[
        DataFormat | None,
        typer.Option("--format", help="Output format (default: that of FILE, else table).", show_default=False),
    ] = None,
) -> None:
    """Show the examples of a repeat: which are for training, which for validation, and how they are scaled."""
    from fitgap.runner.store import open_store
    from fitgap.runner.used_examples import used_examples_of

    kind = output_format or format_of(output)
    with open_store(database) as store:
        # A number selects a trial; a name selects a sweep.
        chosen = int(what) if what.isdecimal() else what
        examples = used_examples_of(store, chosen, repeat=repeat, side=side and side.value, scaled=scaled)
        write(examples, kind, output, store.rights, limit)


def format_of(output: Path | None) -> DataFormat:
    """The format that the suffix of a file names; a table for others."""
    suffix = output.suffix[1:].lower() if output else ""
    return DataFormat(suffix) if suffix in set(DataFormat) else DataFormat.TABLE


def write(
    examples: "UsedExamples", kind: DataFormat, output: Path | None, rights: int, limit: int | None = None
) -> None:
    """Write examples in a format, to a file or to standard output; at most `limit` of them."""
    from fitgap.runner.cli.options.common import Format
    from fitgap.runner.cli.options.output_file import printed_to, written_to
    from fitgap.runner.cli.render.example_files import write_npz, write_parquet
    from fitgap.runner.cli.render.formats import print_rows
    from fitgap.runner.used_examples import plain_rows

    if kind is not DataFormat.TABLE:
        examples = examples.first(limit)
    if kind in (DataFormat.PARQUET, DataFormat.NPZ):
        with written_to(output, rights, kind) as path:
            (write_npz if kind is DataFormat.NPZ else write_parquet)(examples, path)
        return
    columns = examples.columns()
    with printed_to(output, rights):
        if kind is DataFormat.TABLE:
            print_first(examples, limit or TABLE_ROWS)
        else:
            print_rows(plain_rows(columns), Format(kind), table_keys=list(columns))


def print_first(examples: "UsedExamples", most: int) -> None:
    """Print the first examples as a table, with the number on each side."""
    import numpy as np
    from fitgap.runner.amounts import counted
    from fitgap.runner.cli.render.lines import say
    from fitgap.runner.cli.render.text_tables import print_table
    from fitgap.runner.used_examples import Side, plain_rows

    columns = examples.columns()
    first = {name: values[:most] for name, values in columns.items()}
    needed = ["example", "side", *list(columns)[-len(examples.target_names) :]]
    if len(examples.numbers):
        print_table(list(plain_rows(first)), list(columns), needed=needed)
    counts = {side: int(np.count_nonzero(examples.sides == side)) for side in Side}
    parts = ", ".join(f"{count:,} {side}" for side, count in counts.items() if count)
    more = f"; the first {most:,} are shown, -o FILE.csv writes all" if len(examples.numbers) > most else ""
    say(f"{counted(len(examples.numbers), 'example')}: {parts}{more}" if parts else "no examples on this side")
