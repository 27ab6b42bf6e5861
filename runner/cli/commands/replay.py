"""`fitgap replay`: train a trial again and compare it with what is stored."""

from typing import TYPE_CHECKING, Any

import typer
from fitgap.runner.cli.options.common import Database, Format, OutputFormat
from fitgap.runner.cli.options.trial_argument import TrialArgument, trial_number
from fitgap.runner.cli.render.lines import ignoring_closed_output, say

if TYPE_CHECKING:
    from fitgap.runner.retraining import Replay


def replay(
    trial: TrialArgument,
    database: Database = None,
    output_format: OutputFormat = Format.TABLE,
) -> None:
    """Train a trial again and compare every epoch with the stored one; exit code 1 if anything differs."""
    from fitgap.runner.retraining import replay as train_and_compare
    from fitgap.runner.store import open_store

    with open_store(database) as store:
        number = trial_number(trial)
        result = train_and_compare(store, number)
    with ignoring_closed_output():
        print_result(number, result, output_format)
    raise typer.Exit(0 if result.is_equal else 1)


def print_result(trial: int, result: "Replay", output_format: Format) -> None:
    """Print the result of a replay in a format."""
    from fitgap.runner.cli.render.formats import print_csv, print_json

    rows = difference_rows(result)
    if output_format is Format.JSON:
        environment = {key: {"then": then, "now": now} for key, (then, now) in result.environment.items()}
        equal, epochs = result.is_equal, result.epochs
        print_json({"trial": trial, "epochs": epochs, "equal": equal, "differences": rows, "environment": environment})
    elif output_format is Format.CSV:
        print_csv(rows, ["quantity", "epochs", "largest", "at_epoch"])
    else:
        print_replay(result, rows)


def difference_rows(result: "Replay") -> list[dict[str, Any]]:
    """The differences as rows; `largest` is None if a number exists only on one side."""
    return [
        {
            "quantity": each.quantity,
            "epochs": each.epochs,
            "largest": each.largest if each.largest < float("inf") else None,
            "at_epoch": each.at_epoch,
        }
        for each in result.differences
    ]


def print_replay(result: "Replay", rows: list[dict[str, Any]]) -> None:
    """Print the result of a replay for people."""
    from fitgap.runner.cli.render.text_tables import print_table

    epochs = f"{result.epochs} epochs"
    if result.epochs < result.trained:
        epochs = f"{result.epochs} stored epochs (of {result.trained})"
    if result.is_equal:
        say(f"trial {result.trial}: all {epochs} are equal bit for bit")
    else:
        print_table(rows, list(rows[0]), title=f"trial {result.trial}: differences in {epochs}")
    for key, (then, now) in result.environment.items():
        say(f"{key}: {then} then, {now} now")
