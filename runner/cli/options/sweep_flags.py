"""The flags that define a sweep, in the order of `fitgap run --help`.

Numbers arrive as text. The sweep parses them, so a wrong value gives the same message as in a sweep file.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from fitgap.runner.cli.options.common import as_text

PANEL = "Sweep"
# `--no-stratified` takes a column of its own in its panel, which would leave no room for the other options' help.
SPLIT_PANEL = "Split"


def flag(metavar: str, help_text: str, callback: Callable[[Any], Any] | None = None, panel: str = PANEL) -> Any:
    """An option that defines the sweep."""
    return typer.Option(metavar=metavar, help=help_text, rich_help_panel=panel, show_default=False, callback=callback)


File = Annotated[Path | None, typer.Argument(help="Sweep file; options override its values.", show_default=False)]
Name = Annotated[str | None, flag("NAME", "Name of the sweep.")]
Data = Annotated[str | None, flag("NAME|PATH", "Named data set, or a data file such as CSV, Excel or Parquet.")]
Target = Annotated[str | None, flag("COLUMN[,…]", "Target columns of a file.", as_text)]
Validation = Annotated[
    str | None,
    flag(
        "AMOUNT|RULE",
        "Validation examples: 0.3, 200, 5-fold, same, group=COLUMN, last=0.3, file=PATH, …",
        panel=SPLIT_PANEL,
    ),
]
Test = Annotated[
    str | None,
    flag(
        "AMOUNT|RULE",
        "Test examples, which play no part in any choice: 0.2, 100, group=COLUMN, last=0.2, file=PATH, …",
        panel=SPLIT_PANEL,
    ),
]
Preprocess = Annotated[
    list[str] | None,
    flag("NAME", "Input scaling: standard, minmax, none, channel_standard or channel_minmax. Repeatable."),
]
TargetScaling = Annotated[str | None, flag("NAME", "Scaling of numeric targets: standard or none.")]
Stratified = Annotated[
    bool | None,
    typer.Option(help="Split each class in the same proportion.", rich_help_panel=SPLIT_PANEL, show_default=False),
]
Resample = Annotated[str | None, flag("NAME", "What each repeat draws anew: split, or data (synthetic sets only).")]
Missing = Annotated[str | None, flag("NAME", "Missing inputs: median (default), mean, drop, drop_any or refuse.")]
Text = Annotated[str | None, flag("NAME", "Text inputs: one_hot (default) or refuse.")]
ClassWeight = Annotated[str | None, flag("balanced|CLASS=W,…", "Weights of classes in the error, such as yes=5,no=1.")]
Seed = Annotated[str | None, flag("N", "Seed of splits, initial weights and batches.")]
Repeats = Annotated[
    str | None,
    flag(
        "N|from=N,to=N",
        "Trials per configuration, with different splits and initial weights; with from=2,to=8, more than two only for "
        "configurations that may be the best.",
    ),
]

FILE_PANEL = "Data files"


def file_flag(metavar: str, help_text: str) -> Any:
    """An option that says how a data file is read."""
    return typer.Option(metavar=metavar, help=help_text, rich_help_panel=FILE_PANEL, show_default=False)


Strict = Annotated[
    bool | None,
    typer.Option(
        "--strict",
        help="Refuse a file with an unusual layout, missing values or text inputs.",
        rich_help_panel=FILE_PANEL,
        show_default=False,
    ),
]
Inputs = Annotated[list[str] | None, file_flag("COLUMN[,…]", "Input columns, or patterns such as 'sensor_*'.")]
Ignore = Annotated[list[str] | None, file_flag("COLUMN[,…]", "Columns to leave out of the inputs, or patterns.")]
Categorical = Annotated[
    list[str] | None, file_flag("COLUMN[,…]", "Columns to treat as categories, even if they hold numbers.")
]
Dates = Annotated[list[str] | None, file_flag("COLUMN[=FORMAT]", "Columns of dates, as in 'day=%d/%m/%Y'. Repeatable.")]
TargetKind = Annotated[str | None, file_flag("NAME", "Whether the target holds classes or numbers.")]
Weight = Annotated[str | None, file_flag("COLUMN", "Column with the weight of each example in the error.")]
Lengths = Annotated[
    str | None, file_flag("NAME", "Array of an NPZ file with the sequence lengths, or nan if padded steps are NaN.")
]
Sequence = Annotated[
    str | None, file_flag("WINDOW", "Windows over rows in time order, such as window=24,by=date,horizon=1.")
]
Separator = Annotated[str | None, file_flag("NAME", "Separator: comma, semicolon, tab, bar or blanks.")]
Decimal = Annotated[str | None, file_flag("MARK", "Decimal mark: . or , (a comma).")]
Encoding = Annotated[str | None, file_flag("NAME", "Encoding of a text file, such as utf-8 or cp1252.")]
MissingValues = Annotated[list[str] | None, file_flag("WORD[,…]", "Words for missing values, such as NA,-999.")]

Hidden = Annotated[
    list[str] | None,
    flag(
        "LAYERS",
        "Hidden layers, such as 64-32, conv8x3-norm-pool2-16, gru16 or res(32-32) (see `fitgap list layers`); a "
        "range of sizes, such as 4..128 or depth=1..3,width=4..128; or none. Repeatable.",
    ),
]
Activation = Annotated[list[str] | None, flag("NAME[:…]", "Activation, such as relu or prelu:beta=0.05. Repeatable.")]
Regularizer = Annotated[list[str] | None, flag("NAME[:…]", "Regularizer, such as l2:weight=1e-3, or none. Repeatable.")]
Optimizer = Annotated[list[str] | None, flag("NAME[:…]", "Optimizer, such as adam:rate=1e-3. Repeatable.")]

TrainingExamples = Annotated[
    list[str] | None,
    flag(
        "COUNT|SHARE", "Training examples to use: 50, 0.5 or all; smaller subsets are parts of larger ones. Repeatable."
    ),
]
LabelNoise = Annotated[
    list[str] | None, flag("SHARE", "Share of training labels to replace by another class, such as 0.1. Repeatable.")
]

Epochs = Annotated[str | None, flag("N", "Passes over the training examples.")]
BatchSize = Annotated[str | None, flag("N", "Training examples per step.")]
Schedule = Annotated[list[str] | None, flag("NAME[:…]", "Learning rate over time, such as cosine. Repeatable.")]
Stopping = Annotated[
    str | None, flag("NAME[:…]", "Early stopping, such as no_improvement:epochs=10; join rules with +.")
]
Initializer = Annotated[str | None, flag("NAME[:…]", "Initial weights (default: suited to the activation).")]
OutputActivation = Annotated[str | None, flag("NAME[:…]", "Activation of the output layer (default: identity).")]
Loss = Annotated[list[str] | None, flag("NAME", "Loss function (default: half_squared_error). Repeatable.")]
Outputs = Annotated[str | None, flag("NAME", "How targets are coded as outputs (default: suited to the data).")]
Measure = Annotated[
    str | None, flag("N|all", "Number of training and of validation examples on which to measure E_t and E_v.")
]
Record = Annotated[str | None, flag("WHICH", "Epochs to store: all, every=N or epochs=log.")]
Keep = Annotated[
    str | None, flag("NAME", "Networks to store: none, last, best, or state (last, with its optimizer's state).")
]
Search = Annotated[
    str | None,
    flag(
        "METHOD:trials=N",
        "Search instead of training all combinations: tpe, gp, random, sobol, cmaes, nsga2 or advice. Ranges are "
        "written as in --optimizer adam:rate=1e-4..1e-1 and --hidden 4..128.",
    ),
]
Halving = Annotated[
    str | None,
    flag("factor=N,first=N", "Prune the worse configurations at each rung; with factor=3, the best third goes on."),
]
Hyperband = Annotated[
    str | None,
    flag("factor=N,first=N", "Like --halving, but in several brackets of a search, each with a later first rung."),
]
Median = Annotated[
    str | None,
    flag("first=N,every=N", "At rungs, such as every five epochs, prune configurations above the median error."),
]
Only = Annotated[str | None, flag("FILTER", "Train only configurations such as 'parameters < 5000'.")]
DType = Annotated[str | None, flag("NAME", "Precision of the training: float32 or float64.")]
