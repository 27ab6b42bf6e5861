"""`fitgap export` and `fitgap predict`: write a trained network to a file, predict with it."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from fitgap.runner.cli.options.common import Database, Format, OutputFormat
from fitgap.runner.cli.options.trial_argument import TrialArgument, trial_number, words_on_sweep

if TYPE_CHECKING:
    import numpy as np
    from fitgap.runner.store import Store


class At(StrEnum):
    """The epoch after which to take a network."""

    BEST = "best"
    LAST = "last"


class FileFormat(StrEnum):
    """The formats of exported networks."""

    NPZ = "npz"
    ONNX = "onnx"


Epoch = Annotated[At, typer.Option("--at", help="Network after the best or the last epoch.")]


def export(
    trial: TrialArgument,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="File to write, such as model.npz.")],
    at: Epoch = At.BEST,
    file_format: Annotated[
        FileFormat | None, typer.Option("--format", help="npz (NumPy) or onnx (default: by the suffix of the file).")
    ] = None,
    database: Database = None,
) -> None:
    """Export a trial's network to a file that NumPy or an ONNX runtime can read without fitgap."""
    from fitgap.runner.cli.render.lines import report
    from fitgap.runner.models.exported_files import save_as
    from fitgap.runner.models.trial_models import epoch_of_network, model_of_trial
    from fitgap.runner.store import open_store

    save = save_as(output, file_format)
    with open_store(database) as store:
        number = trial_number(trial)
        row = store.show(number)
        save(model_of_trial(store, number, at=at), output, store.rights)
        warn_if_diverged(store, number)
        report(f"network of trial {number} after epoch {epoch_of_network(row, at)}: {output}")


def predict(
    network: Annotated[str, typer.Argument(metavar="TRIAL|MODEL", help="Trial number, or an exported file.")],
    data: Annotated[str, typer.Argument(metavar="DATA", help="Data file with the inputs.")],
    at: Epoch = At.BEST,
    probabilities: Annotated[bool, typer.Option("--probabilities", help="Add the probability of every class.")] = False,
    score: Annotated[bool, typer.Option("--score", help="Compare with the targets in the file.")] = False,
    database: Database = None,
    output_format: OutputFormat = Format.TABLE,
) -> None:
    """Predict the targets of new examples with a trained network."""
    from fitgap.runner.cli.render.formats import print_rows
    from fitgap.runner.data import read_inputs, read_targets
    from fitgap.runner.errors import ModelError
    from fitgap.runner.models.model_files import load_model
    from fitgap.runner.models.predictions import predictions, scores
    from fitgap.runner.models.trial_models import model_of_trial
    from fitgap.runner.store import open_store

    if network.isdecimal():
        with open_store(database) as store:
            named = model_of_trial(store, int(network), at=at)
            warn_if_diverged(store, int(network))
    else:
        if not Path(network).exists() and (words := words_on_sweep(network, database)):
            raise ModelError(words)
        named = load_model(Path(network))
    missing = "mean" if named.fills_missing else "refuse"
    axes = named.input_axes
    inputs = read_inputs(
        data, named.input_names, named.text_columns, missing=missing, treatment=named.treatment, axes=axes
    )
    if score:
        targets = read_targets(data, named.target_names, named.class_names, named.treatment)
        found = scores(named, inputs, targets)
        if network.isdecimal():
            warn_of_known_rows(database, int(network), inputs)
        print_rows([found], output_format, table_keys=list(found))
        return
    rows = predictions(named, inputs, probabilities=probabilities)
    shares = list(rows[0])[2:] if probabilities and rows else []
    print_rows(rows, output_format, table_keys=("row", *named.target_names, *shares))


def warn_of_known_rows(database: str | None, trial: int, inputs: "np.ndarray") -> None:
    """Report how many of the scored rows are examples that the trial was trained on, or that chose its epoch."""
    from fitgap.runner.amounts import counted
    from fitgap.runner.cli.render.lines import report
    from fitgap.runner.store import open_store
    from fitgap.runner.suggestions import suggested
    from fitgap.runner.used_examples import Side, rows_by_use

    with open_store(database) as store:
        counts = rows_by_use(store, trial, inputs)
        sweep = store.show(trial)["sweep"]
    trained, validated = counts[Side.TRAINING], counts[Side.VALIDATION]
    if not trained + validated:
        return
    uses = f"{trained:,} were used for training, and {validated:,} to choose the best epoch"
    advice = f"score new rows, or {suggested('data', sweep, '--side', 'test', '-o', 'test.csv')}"
    report(f"of {counted(len(inputs), 'scored row')}, {uses}: these scores are too optimistic for new data; {advice}")


def warn_if_diverged(store: "Store", trial: int) -> None:
    """Report that the network of a diverged trial is hardly of use."""
    from fitgap.runner.cli.render.lines import report

    if store.show(trial)["status"] == "diverged":
        report(f"trial {trial} diverged, so its predictions are of little use; choose a completed trial")
