"""`fitgap diagnose`: what underfits, what overfits, why, and what to try."""

from typing import Annotated, Any

import typer
from fitgap.runner.cli.options.common import Database, Format, OutputFormat


def diagnose(
    what: Annotated[str, typer.Argument(metavar="SWEEP|TRIAL", help="Sweep name or trial number.", show_default=False)],
    database: Database = None,
    output_format: OutputFormat = Format.TABLE,
) -> None:
    """Report what underfits, what overfits, why, and what to try."""
    from fitgap.runner.cli.render.diagnosis_page import print_trial_diagnosis
    from fitgap.runner.cli.render.formats import print_csv, print_json
    from fitgap.runner.cli.render.sweep_diagnosis_page import print_sweep_diagnosis
    from fitgap.runner.diagnosis import diagnose_sweep, diagnose_trial
    from fitgap.runner.store import open_store

    # A number selects a trial; a name selects a sweep.
    is_trial = what.isdecimal()
    with open_store(database) as store:
        found = diagnose_trial(store, int(what)) if is_trial else diagnose_sweep(store, what)
    if output_format is Format.JSON:
        print_json(found)
    elif output_format is Format.CSV:
        rows = [trial_row(found)] if is_trial else configuration_rows(found)
        print_csv(rows, list(rows[0]) if rows else CONFIGURATION_KEYS)
    elif is_trial:
        print_trial_diagnosis(found)
    else:
        print_sweep_diagnosis(found)


CONFIGURATION_KEYS = ("configuration", "trial", "verdict", "excess", "underfit", "overfit", "causes")


def trial_row(found: dict[str, Any]) -> dict[str, Any]:
    """A trial's diagnosis as one row: no curve, only the number of the reference trial, only the causes' names."""
    row = {key: value for key, value in found.items() if key != "curve"}
    reference = found["reference"]
    return {**row, "reference": reference and reference["trial"], "causes": cause_names(found["causes"])}


def configuration_rows(found: dict[str, Any]) -> list[dict[str, Any]]:
    """The worst configurations of a sweep, one row each."""
    return [{**row, "causes": cause_names(row["causes"])} for trouble in found["troubles"] for row in trouble["worst"]]


def cause_names(causes: list[dict[str, Any]]) -> str:
    return " ".join(each["cause"] for each in causes)
