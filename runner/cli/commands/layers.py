"""`fitgap layers`: statistics of units and weights by layer."""

import shlex
from typing import TYPE_CHECKING, Annotated

import typer
from fitgap.runner.cli.options.common import Columns, Database, Format, OutputFormat, Where
from fitgap.runner.suggestions import suggested

if TYPE_CHECKING:
    from fitgap.runner.store import Store

# For a trial with this status: what to do to complete it, and the command.
NEXT_STEPS = {
    "pruned": ("let it train to its end", "extend {sweep} --pruned --where 'trial == {trial}'"),
    "pending": ("train it", "resume {sweep}"),
    "cancelled": ("train it", "retry {sweep} --status cancelled"),
    "failed": ("train it again", "retry {sweep}"),
}
KEYS = (
    *("trial", "architecture", "activation", "layer", "name", "units", "dead", "saturated", "near_zero", "growth"),
    *("gradient", "verdict"),
)
LABELS = ("trial", "layer")
# Maximum number of rows in a table.
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
            say(f"no layers: only completed trials have statistics{next_step(store, what)}")
            return
    print_rows(rows[:TABLE_ROWS] if is_table else rows, output_format, table_keys=KEYS, columns=columns, labels=LABELS)
    if is_table and len(rows) > TABLE_ROWS:
        report(f"{len(rows) - TABLE_ROWS:,} more layers: choose trials with --where, or use --format csv")


def next_step(store: "Store", what: str) -> str:
    """What to do to see the layers of a trial that is not completed; "" for a sweep."""
    if not what.isdecimal():
        return ""
    row = store.show(int(what))
    found = f", and trial {what} is {row['status']}"
    if row["status"] not in NEXT_STEPS:
        return found
    why, words = NEXT_STEPS[row["status"]]
    return f"{found}; {why}: {suggested(*shlex.split(words.format(**row)))}"
