"""`fitgap send`: sends a sweep to Optuna or MLflow."""

from typing import Annotated

import typer
from fitgap.runner.amounts import counted
from fitgap.runner.cli.options.common import Database, SweepArgument
from fitgap.runner.cli.render.lines import report
from fitgap.runner.errors import IntegrationError


def send(
    sweep: SweepArgument,
    optuna: Annotated[
        str | None,
        typer.Option(metavar="FILE|ADDRESS", help="Send to a study in this Optuna storage.", show_default=False),
    ] = None,
    mlflow: Annotated[
        str | None,
        typer.Option(metavar="FILE|ADDRESS", help="Send to an experiment in this MLflow store.", show_default=False),
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="Name of the study or experiment (default: the sweep's).", show_default=False)
    ] = None,
    database: Database = None,
) -> None:
    """Send the ended trials of a sweep to an Optuna study or an MLflow experiment; no trial is sent twice."""
    from fitgap.runner.integrations.mlflow_tracking import send_to_mlflow
    from fitgap.runner.integrations.optuna_study import send_to_optuna
    from fitgap.runner.store import open_store

    if (optuna is None) == (mlflow is None):
        raise IntegrationError("name one place to send to: --optuna FILE, or --mlflow FILE")
    with open_store(database) as store:
        if optuna is not None:
            sent, what = send_to_optuna(store, sweep, optuna, name=name, database=database), "study"
        else:
            sent, what = send_to_mlflow(store, sweep, mlflow or "", name=name, database=database), "experiment"
    there = f", {sent.known} already there" if sent.known else ""
    report(f"{what} {sent.name}: {counted(sent.new, 'trial')} sent{there}")
