"""The page that `fitgap show` prints about one trial."""

from typing import Any

from fitgap.runner.cli.render.lines import say
from fitgap.runner.cli.render.scores import score_name
from fitgap.runner.cli.render.text_tables import cell

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
        "excess",
        "underfit",
        "overfit",
        "verdict",
        "accuracy_t",
        "accuracy_v",
    ),
    "data": ("data", "training_count", "validation_count"),
}
WIDTH = max(len(key) for keys in SECTIONS.values() for key in keys) + 2


def print_trial(row: dict[str, Any], target_kind: str | None = None) -> None:
    """Print a trial, section by section, leaving out unknown values."""
    for section, keys in SECTIONS.items():
        say(section)
        for key in keys:
            if row[key] not in (None, []):
                say(f"  {score_name(key, target_kind):{WIDTH}}{cell(key, row[key])}")
    if row["learned"]:
        say(f"  {'learned':{WIDTH}}{learned_values(row['learned'])}")
    say(f"  {'inputs set to 0':{WIDTH}}{constant_columns(row['constant_columns'])}")
    if row["limited_inputs"]:
        numbers = ", ".join(map(str, row["limited_examples"]))
        found = f"{', '.join(row['limited_inputs'])} (far outside of the training examples in examples {numbers})"
        say(f"  {'inputs limited':{WIDTH}}{found}")
    print_environment(row["environment"] or {})


def print_environment(environment: dict[str, Any]) -> None:
    """Print the environment in which a trial was trained, as far as it is known."""
    known = {key: value for key, value in environment.items() if value is not None}
    if known:
        say("trained with")
    for key, value in known.items():
        say(f"  {key:{WIDTH}}{value}")


def learned_values(learned: dict[str, float]) -> str:
    """The learned β and γ, such as `layer_1.0.beta 1.23`."""
    return ", ".join(f"{name} {value:.4g}" for name, value in learned.items())


def constant_columns(names: list[str]) -> str:
    """The inputs that are constant in the training examples, and so were set to 0 everywhere."""
    if not names:
        return "none (all vary among the training examples)"
    return f"{', '.join(names)} (the same in all training examples)"
