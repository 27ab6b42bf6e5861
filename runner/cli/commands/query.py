"""The commands that ask the store: sweeps, trials, show, epochs."""

from typing import Annotated, Any

import typer
from fitgap.runner.cli.options.common import (
    BulkFormat,
    BulkOutputFormat,
    Columns,
    Database,
    Format,
    Limit,
    Offset,
    Output,
    OutputFormat,
    Sort,
    SweepArgument,
    Where,
)
from fitgap.runner.cli.render.lines import say

SWEEP_KEYS = ("sweep", "name", "trials", "completed", "pending", "running", "failed", "created", "diverged")
SIZE_KEYS = ("epochs", "bytes")
TABLE_OF_TRIALS = (
    "trial",
    "repeat",
    "status",
    "architecture",
    "activation",
    "regularizer",
    "optimizer",
    "e_t",
    "e_v",
    "best_e_v",
    "best_epoch",
)
# So many rows of a table are shown unless --limit says otherwise.
TABLE_ROWS = 200


def sweeps(
    size: Annotated[bool, typer.Option("--size", help="Also say how many epochs and bytes each has.")] = False,
    database: Database = None,
    output_format: OutputFormat = Format.TABLE,
    columns: Columns = None,
) -> None:
    """List all sweeps with how their trials stand."""
    from fitgap.runner.cli.render.answers import print_rows
    from fitgap.runner.store import open_store

    with open_store(database) as store:
        rows = store.sweeps()
        if size:
            sizes = store.sweep_sizes()
            rows = [{**row, **dict(zip(SIZE_KEYS, sizes.get(row["sweep"], (0, 0)), strict=True))} for row in rows]
    print_rows(rows, output_format, table_keys=sweep_keys(rows, size), columns=columns)


def sweep_keys(rows: list[dict[str, Any]], size: bool) -> list[str]:
    """The columns of a table of sweeps: with tags and notes where there are any."""
    labels = [key for key in ("tags", "note") if any(row[key] for row in rows)]
    if size:
        return ["sweep", "name", "trials", *SIZE_KEYS, "created", *labels]
    return [*SWEEP_KEYS[:2], *labels, *SWEEP_KEYS[2:]]


def trials(
    sweep: SweepArgument,
    where: Where = None,
    sort: Sort = "trial",
    limit: Limit = None,
    offset: Offset = 0,
    columns: Columns = None,
    output: Output = None,
    database: Database = None,
    output_format: BulkOutputFormat = BulkFormat.TABLE,
) -> None:
    """List the trials of a sweep."""
    from fitgap.runner.cli.options.output_file import printed_to
    from fitgap.runner.cli.render.answers import chosen_keys
    from fitgap.runner.cli.render.long_answers import write_trials
    from fitgap.runner.cli.render.text_tables import print_table
    from fitgap.runner.store import TRIAL_KEYS, TrialQuery, open_store

    is_table = output_format is BulkFormat.TABLE
    keys = chosen_keys(columns, TABLE_OF_TRIALS if is_table else TRIAL_KEYS)
    with open_store(database) as store:
        if not is_table:
            rows_to_come = store.each_trial(sweep, TrialQuery(where, sort, limit, offset, keys))
            write_trials(store, rows_to_come, output_format, output, keys)
            return
        rows = store.trials(sweep, where=where, sort=sort, limit=limit or TABLE_ROWS, offset=offset, columns=keys)
        with printed_to(output, store.rights):
            print_table(rows, keys)
            tell_the_rest(len(rows), store.count_trials(sweep, where), where)


def tell_the_rest(shown: int, found: int, where: str | None) -> None:
    """Say how many trials a table leaves out, and how to see them; or that a filter leaves none."""
    if not found and where is not None:
        say("(no trial is as --where says)")
    elif shown < found:
        say(f"({shown:,} of {found:,} trials; --limit, --offset, --sort and --where show others)")


def show(
    trial: Annotated[int, typer.Argument(metavar="TRIAL", help="Number of a trial.", show_default=False)],
    database: Database = None,
    output_format: OutputFormat = Format.TABLE,
) -> None:
    """Show everything known of one trial."""
    from fitgap.runner.cli.render.answers import print_csv, print_json
    from fitgap.runner.cli.render.trial_page import print_trial
    from fitgap.runner.store import open_store

    with open_store(database) as store:
        row = store.show(trial)
    if output_format is Format.JSON:
        print_json(row)
    elif output_format is Format.CSV:
        print_csv([row], list(row))
    else:
        print_trial(row)


def epochs(
    what: Annotated[
        list[str], typer.Argument(metavar="SWEEP|TRIAL…", help="A sweep, or numbers of trials.", show_default=False)
    ],
    where: Where = None,
    columns: Columns = None,
    output: Output = None,
    database: Database = None,
    output_format: BulkOutputFormat = BulkFormat.TABLE,
) -> None:
    """List the epochs of trials, or of all trials of a sweep."""
    from fitgap.runner.cli.render.long_answers import write_epochs
    from fitgap.runner.store import open_store

    with open_store(database) as store:
        write_epochs(store, what, where, output_format, output, columns)
