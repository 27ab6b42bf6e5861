"""The page that `fitgap show` prints about one trial."""

import textwrap
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from fitgap.runner.cli.render.confusion_page import print_confusion
from fitgap.runner.cli.render.lines import UNFOLDED, line_width, say
from fitgap.runner.cli.render.scores import score_name
from fitgap.runner.cli.render.table_cells import cell

# Sections of the page with their keys.
SECTIONS = {
    "trial": (
        "trial",
        "sweep",
        "configuration",
        "repeat",
        "status",
        "reason",
        "attempt",
        "started",
        "ended",
        "seconds",
        "tags",
        "note",
    ),
    "network": (
        "layers",
        "parameters",
        "activation",
        "regularizer",
        "optimizer",
        "learning_rate",
        "batch_size",
        "epochs",
        "loss",
    ),
    "errors": (
        "e_t",
        "e_v",
        "gap",
        "best_epoch",
        "best_e_v",
        "honest_e_v",
        "excess",
        "underfit",
        "overfit",
        "verdict",
        "accuracy_t",
        "accuracy_v",
        "test_error",
        "test_accuracy",
        "test_rmse",
        "test_mae",
    ),
    "metrics": ("balanced_accuracy", "f1_macro", "lowest_recall", "roc_auc", "log_loss", "mae", "rmse"),
    "data": ("data", "training_count", "validation_count"),
}
WIDTH = max(len(key) for keys in SECTIONS.values() for key in keys) + 2


def print_trial(
    row: dict[str, Any], target_kind: str | None = None, varying: Mapping[str, Any] = MappingProxyType({})
) -> None:
    """Print the known values of a trial by section. `varying` holds the settings that vary in its sweep."""
    for section, keys in SECTIONS.items():
        if section == "metrics":
            print_metrics(row, keys)
        else:
            more = further_settings(varying) if section == "network" else {}
            print_section(section, {**{key: row[key] for key in keys}, **more}, target_kind)
    if row["learned"]:
        print_value("learned", learned_values(row["learned"]))
    print_value("inputs set to 0", constant_columns(row["constant_columns"]))
    if row["limited_inputs"]:
        numbers = ", ".join(map(str, row["limited_examples"]))
        found = (
            f"{', '.join(row['limited_inputs'])} (far outside the range of the training examples in examples {numbers})"
        )
        print_value("inputs limited", found)
    if row["confusion"] and row["recall"]:
        print_confusion(row["confusion"], row["recall"], row["best_epoch"])
    print_environment(row["environment"] or {})


def print_section(section: str, values: Mapping[str, Any], target_kind: str | None) -> None:
    """Print a section, leaving out unknown values."""
    say(section)
    for key, value in values.items():
        if value not in (None, []):
            print_value(score_name(key, target_kind), cell(key, value))


def further_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that are not on every page."""
    return {key: value for key, value in settings.items() if key not in (*SECTIONS["network"], "architecture")}


def print_value(name: str, text: str) -> None:
    """Print a value next to its name, wrapped if the terminal is too narrow."""
    line, width = f"  {name:{WIDTH}}{text}", line_width(UNFOLDED)
    below = " " * (WIDTH + 2)
    say(*(textwrap.wrap(line, width, subsequent_indent=below, break_on_hyphens=False) if len(line) > width else [line]))


def print_metrics(row: dict[str, Any], names: tuple[str, ...]) -> None:
    """Print the metrics that are known, such as `f1_macro  0.91 (best epoch 0.93, training 0.99)`."""
    known = [name for name in names if row[f"{name}_v"] is not None]
    if known:
        say("metrics on validation examples after the last epoch")
    for name in known:
        others = [(row[f"best_{name}_v"], "best epoch"), (row.get(f"{name}_t"), "training")]
        texts = [f"{label} {cell(name, value)}" for value, label in others if value is not None]
        more = f" ({', '.join(texts)})" if texts else ""
        print_value(name, f"{cell(name, row[f'{name}_v'])}{more}")


def print_environment(environment: dict[str, Any]) -> None:
    """Print the known parts of the environment in which a trial was trained."""
    known = {key: value for key, value in environment.items() if value is not None}
    if known:
        say("trained with")
    for key, value in known.items():
        print_value(key, str(value))


def learned_values(learned: dict[str, float]) -> str:
    """The learned β and γ, such as `layer_1.0.beta 1.23`."""
    return ", ".join(f"{name} {value:.4g}" for name, value in learned.items())


def constant_columns(names: list[str]) -> str:
    """The inputs that are constant in the training examples, and so were set to 0 everywhere."""
    if not names:
        return "none (all vary among the training examples)"
    return f"{', '.join(names)} (the same in all training examples)"
