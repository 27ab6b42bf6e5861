"""`fitgap sweeps`, `trials`, `show` and `epochs`: commands that query the store."""

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
from fitgap.runner.cli.options.trial_argument import TrialArgument, trial_number
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
# Maximum number of rows in a table without --limit.
TABLE_ROWS = 200


def sweeps(
    size: Annotated[bool, typer.Option("--size", help="Also show the epochs and bytes of each sweep.")] = False,
    database: Database = None,
    output_format: OutputFormat = Format.TABLE,
    columns: Columns = None,
) -> None:
    """List all sweeps with the number of trials in each status."""
    from fitgap.runner.cli.render.formats import print_rows
    from fitgap.runner.store import open_store

    with open_store(database) as store:
        rows = store.sweeps()
        if size:
            sizes = store.sweep_sizes()
            rows = [{**row, **dict(zip(SIZE_KEYS, sizes.get(row["sweep"], (0, 0)), strict=True))} for row in rows]
    print_rows(rows, output_format, table_keys=sweep_keys(rows, size), columns=columns)


def sweep_keys(rows: list[dict[str, Any]], size: bool) -> list[str]:
    """The columns of a table of sweeps, including tags, notes and pruned trials if there are any."""
    labels = [key for key in ("tags", "note") if any(row[key] for row in rows)]
    if size:
        return ["sweep", "name", "trials", *SIZE_KEYS, "created", *labels]
    # Show it next to `completed`, since a narrow terminal leaves out the last columns.
    pruned = ["pruned"] if any(row["pruned"] for row in rows) else []
    return [*SWEEP_KEYS[:2], *labels, *SWEEP_KEYS[2:4], *pruned, *SWEEP_KEYS[4:]]


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
    from fitgap.runner.cli.render.formats import asked_keys, selected_keys
    from fitgap.runner.cli.render.long_answers import write_trials
    from fitgap.runner.cli.render.scores import score_name, with_score_names
    from fitgap.runner.cli.render.text_tables import print_table
    from fitgap.runner.key_lists import split_keys
    from fitgap.runner.store import TRIAL_KEYS, TrialQuery, open_store

    with open_store(database) as store:
        if output_format is not BulkFormat.TABLE:
            keys = selected_keys(columns, TRIAL_KEYS)
            stream = store.each_trial(sweep, TrialQuery(where, sort, limit, offset, keys))
            write_trials(store, stream, output_format, output, keys)
            return
        row = store.sweep(sweep)
        varied = store.varying_keys(row["id"])
        sorted_by = [key.removeprefix("-") for key in split_keys(sort)]
        keys = selected_keys(columns, table_of_trials(varied, sorted_by))
        kept = [*asked_keys(columns), *sorted_by, *varied, "best_e_v"]
        rows = store.trials(sweep, where=where, sort=sort, limit=limit or TABLE_ROWS, offset=offset, columns=keys)
        with printed_to(output, store.rights):
            kind = row["target_kind"]
            print_table(*with_score_names(rows, keys, kind), kept=[score_name(key, kind) for key in kept])
            report_hidden_rows(len(rows), store.count_trials(sweep, where), where)


def table_of_trials(varied: list[str], sorted_by: list[str]) -> list[str]:
    """The columns of a table of trials: the usual ones, every setting that varies, and what it is sorted by."""
    place = TABLE_OF_TRIALS.index("e_t")
    return list(dict.fromkeys([*TABLE_OF_TRIALS[:place], *varied, *TABLE_OF_TRIALS[place:], *sorted_by]))


def report_hidden_rows(shown: int, found: int, where: str | None) -> None:
    """Say how many trials a table hides and how to see them, or that no trial matches the filter."""
    if not found and where is not None:
        say("(no trial matches --where)")
    elif shown < found:
        say(f"({shown:,} of {found:,} trials; --limit, --offset, --sort and --where show others)")


def show(
    trial: TrialArgument,
    database: Database = None,
    output_format: OutputFormat = Format.TABLE,
) -> None:
    """Show everything stored about one trial."""
    from fitgap.runner.cli.render.formats import print_csv, print_json
    from fitgap.runner.cli.render.trial_page import print_trial
    from fitgap.runner.store import open_store

    with open_store(database) as store:
        number = trial_number(trial)
        row = store.show(number)
        sweep = store.sweep(row["sweep"])
        varying = store.varying_settings(number)
    if output_format is Format.JSON:
        print_json(row)
    elif output_format is Format.CSV:
        print_csv([row], list(row))
    else:
        is_pruning = any(sweep["specification"].get(rule) for rule in ("halving", "hyperband", "median"))
        attempts = (
            f"{row['attempt']} (each part of it up to a rung counts)" if is_pruning and row["attempt"] > 1 else None
        )
        print_trial({**row, "attempt": attempts or row["attempt"]}, sweep["target_kind"], varying)


def epochs(
    what: Annotated[
        list[str], typer.Argument(metavar="SWEEP|TRIAL…", help="Sweep names or trial numbers.", show_default=False)
    ],
    where: Where = None,
    columns: Columns = None,
    output: Output = None,
    database: Database = None,
    output_format: BulkOutputFormat = BulkFormat.TABLE,
) -> None:
    """List the epochs of trials or of whole sweeps."""
    from fitgap.runner.cli.render.long_answers import write_epochs
    from fitgap.runner.store import open_store

    with open_store(database) as store:
        write_epochs(store, what, where, output_format, output, columns)
