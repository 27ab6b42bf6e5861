"""`fitgap export` and `fitgap predict`: take a trained network out, ask it."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from fitgap.runner.cli.options.common import Database, Format, OutputFormat


class At(StrEnum):
    """After which epoch."""

    BEST = "best"
    LAST = "last"


Epoch = Annotated[At, typer.Option("--at", help="The network after its best or its last epoch.")]


def export(
    trial: Annotated[int, typer.Argument(metavar="TRIAL", help="Number of a trial.", show_default=False)],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="Where to write, such as model.npz.")],
    at: Epoch = At.BEST,
    database: Database = None,
) -> None:
    """Write the network of a trial to a file that NumPy alone can read."""
    from fitgap.runner.models import model_of_trial, save_model
    from fitgap.runner.store import open_store

    with open_store(database) as store:
        save_model(model_of_trial(store, trial, at=at), output, store.rights)


def predict(
    network: Annotated[str, typer.Argument(metavar="TRIAL|MODEL", help="Number of a trial, or an exported file.")],
    data: Annotated[str, typer.Argument(metavar="DATA", help="A CSV, Parquet or NPZ file with the inputs.")],
    at: Epoch = At.BEST,
    database: Database = None,
    output_format: OutputFormat = Format.TABLE,
) -> None:
    """Ask a trained network about new examples."""
    from fitgap.runner.cli.render.answers import print_rows
    from fitgap.runner.data import read_inputs
    from fitgap.runner.models import load_model, model_of_trial, predictions
    from fitgap.runner.store import open_store

    if network.isdecimal():
        with open_store(database) as store:
            named = model_of_trial(store, int(network), at=at)
    else:
        named = load_model(Path(network))
    missing = "mean" if named.fills_missing else "refuse"
    inputs = read_inputs(data, named.input_names, named.text_columns, missing=missing)
    print_rows(predictions(named, inputs), output_format, table_keys=("row", *named.target_names))
