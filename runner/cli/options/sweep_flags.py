"""The flags that define a sweep, each with its place in the help of `fitgap run`.

Numbers are taken as text: the sweep reads them, and tells what is wrong with one in the same words as for a file.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from fitgap.runner.cli.options.common import as_text

PANEL = "The sweep"


def flag(metavar: str, help_text: str, callback: Callable[[Any], Any] | None = None) -> Any:
    """An option of the sweep."""
    return typer.Option(metavar=metavar, help=help_text, rich_help_panel=PANEL, show_default=False, callback=callback)


File = Annotated[Path | None, typer.Argument(help="A sweep file; flags replace what it says.", show_default=False)]
Name = Annotated[str | None, flag("NAME", "What to call the sweep.")]
Data = Annotated[str | None, flag("NAME|PATH", "A named data set, or a CSV, Parquet or NPZ file.")]
Target = Annotated[str | None, flag("COLUMN[,…]", "The column or columns to learn, for a file.", as_text)]
Validation = Annotated[str | None, flag("SHARE|COUNT|same", "Which part of the examples validates.")]
Preprocess = Annotated[str | None, flag("NAME", "Scaling of the inputs: standard, minmax or none.")]
TargetScaling = Annotated[str | None, flag("NAME", "Scaling of targets that are numbers: standard or none.")]
Stratified = Annotated[
    bool | None,
    typer.Option(help="Whether both sides get their part of every class.", rich_help_panel=PANEL, show_default=False),
]
Missing = Annotated[str | None, flag("NAME", "Missing inputs of a file: refuse, drop, mean or median.")]
Text = Annotated[str | None, flag("NAME", "Text among the inputs of a file: refuse or one_hot.")]
Seed = Annotated[str | None, flag("N", "Decides splits, initial weights and batches.")]
Repeats = Annotated[str | None, flag("N", "Trials per configuration, over splits and initial weights.")]

Hidden = Annotated[list[str] | None, flag("64-32", "Hidden layers, or none. Repeat for alternatives.")]
Activation = Annotated[list[str] | None, flag("NAME[:…]", "Such as relu or prelu:beta=0.05. Repeat.")]
Regularizer = Annotated[list[str] | None, flag("NAME[:…]", "Such as none or l2:weight=1e-3. Repeat.")]
Optimizer = Annotated[list[str] | None, flag("NAME[:…]", "Such as adam:rate=1e-3. Repeat.")]

Epochs = Annotated[str | None, flag("N", "Passes over the training examples.")]
BatchSize = Annotated[str | None, flag("N", "Examples per step.")]
Schedule = Annotated[list[str] | None, flag("NAME[:…]", "Learning rate over time, such as cosine. Repeat.")]
Stopping = Annotated[str | None, flag("NAME[:…]", "Such as no_improvement:epochs=10; joined by +.")]
Initializer = Annotated[str | None, flag("NAME[:…]", "Initial weights; else what suits the activation.")]
OutputActivation = Annotated[str | None, flag("NAME[:…]", "Activation of the output layer; else identity.")]
Loss = Annotated[str | None, flag("NAME", "The error of an example; else half_squared_error.")]
Outputs = Annotated[str | None, flag("NAME", "How targets become outputs; else what suits the data.")]
Measure = Annotated[str | None, flag("N|all", "Examples of either kind to measure E_t and E_v on.")]
Record = Annotated[str | None, flag("WHICH", "Epochs to store: all, every=N or epochs=log.")]
Keep = Annotated[str | None, flag("NAME", "Networks to store: none, last, best or state.")]
DType = Annotated[str | None, flag("NAME", "float32 or float64.")]
