"""The commands that ask the store: sweeps, trials, show, epochs."""

from typing import Annotated, Any

import typer

from runner.cli.options import Columns, Database, Format, Limit, OutputFormat, SweepArgument

SWEEP_KEYS = ("sweep", "name", "trials", "completed", "pending", "running", "failed", "created", "diverged")
SIZE_KEYS = ("epochs", "bytes")
TRIAL_KEYS = (
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
EPOCH_KEYS = ("trial", "epoch", "e_t", "e_v", "se_t", "se_v", "e_t_running", "accuracy_t", "accuracy_v")


def sweeps(
    size: Annotated[bool, typer.Option("--size", help="Also say how many epochs and bytes each has.")] = False,
    database: Database = None,
    output_format: OutputFormat = Format.TABLE,
    columns: Columns = None,
) -> None:
    """List all sweeps with how their trials stand."""
    from runner.cli.output import print_rows
    from runner.store import open_store

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
    sort: Annotated[str, typer.Option(metavar="KEY", help="A key of the rows; -KEY for the highest first.")] = "trial",
    limit: Limit = None,
    columns: Columns = None,
    database: Database = None,
    output_format: OutputFormat = Format.TABLE,
) -> None:
    """List the trials of a sweep."""
    from runner.cli.output import print_rows
    from runner.store import open_store

    with open_store(database) as store:
        print_rows(store.trials(sweep, sort=sort, limit=limit), output_format, table_keys=TRIAL_KEYS, columns=columns)


def show(
    trial: Annotated[int, typer.Argument(metavar="TRIAL", help="Number of a trial.", show_default=False)],
    database: Database = None,
    output_format: OutputFormat = Format.TABLE,
) -> None:
    """Show everything known of one trial."""
    from runner.cli.output import print_csv, print_json
    from runner.cli.trial_page import print_trial
    from runner.store import open_store

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
    columns: Columns = None,
    database: Database = None,
    output_format: OutputFormat = Format.TABLE,
) -> None:
    """List the epochs of trials, or of all trials of a sweep."""
    from runner.cli.output import print_rows
    from runner.store import open_store

    with open_store(database) as store:
        # A number is a trial here; a sweep is meant by its name.
        rows = store.epochs([int(each) for each in what if each.isdecimal()])
        rows += [row for each in what if not each.isdecimal() for row in store.sweep_epochs(each)]
        print_rows(rows, output_format, table_keys=EPOCH_KEYS, columns=columns)
