"""`fitgap layers`: statistics of units and weights by layer."""

from typing import Annotated

import typer
from fitgap.runner.cli.options.common import Columns, Database, Format, OutputFormat, Where

KEYS = (
    *("trial", "architecture", "activation", "layer", "name", "units", "dead", "saturated", "near_zero", "growth"),
    *("gradient", "verdict"),
)
# Rows that a table shows.
TABLE_ROWS = 200


def layers(
    what: Annotated[str, typer.Argument(metavar="SWEEP|TRIAL", help="Sweep name or trial number.", show_default=False)],
    where: Where = None,
    columns: Columns = None,
    database: Database = None,
    output_format: OutputFormat = Format.TABLE,
) -> None:
    """Show dead and saturated units, weights near zero, and the size of weights and gradients in every layer."""
    from fitgap.runner.cli.render.formats import print_rows
    from fitgap.runner.cli.render.lines import report, say
    from fitgap.runner.store import open_store

    with open_store(database) as store:
        # A number selects a trial; a name selects a sweep.
        rows = store.layers(int(what) if what.isdecimal() else what, where)
    is_table = output_format is Format.TABLE
    if is_table and not rows:
        say("no layers: only completed trials have statistics")
        return
    print_rows(rows[:TABLE_ROWS] if is_table else rows, output_format, table_keys=KEYS, columns=columns)
    if is_table and len(rows) > TABLE_ROWS:
        report(f"{len(rows) - TABLE_ROWS:,} more layers: choose trials with --where, or use --format csv")
