"""The conditions of a study in one line: the data and settings that all trials of its sweep have in common."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any


def conditions(specification: Mapping[str, Any]) -> str:
    """Such as `Trained on digits, 200 training examples, 20 % of their labels replaced: 6 repeats, 200 epochs.`"""
    axes, data = specification["axes"], specification["data"]
    is_grid = not specification.get("search")
    fixed = {name: values[0] for name, values in axes.items() if len(values) == 1 and is_grid}
    parts = [f"Trained on {source_name(data['source'])}"]
    if fixed.get("training_examples") not in (None, "all"):
        parts.append(f"{fixed['training_examples']} training examples")
    if fixed.get("label_noise"):
        parts.append(f"{fixed['label_noise']:.0%} of the training labels replaced".replace("%", " %"))
    trained = [f"{specification['repeats']} repeats"]
    trained += [f"{fixed['epochs']} epochs"] if "epochs" in fixed else []
    trained += [f"batches of {fixed['batch_size']}"] if "batch_size" in fixed else []
    loss = specification["training"].get("loss")
    error = f" The error is {variant_name(loss)}." if loss else ""
    return f"{', '.join(parts)}: {', '.join(trained)}.{error}"


def source_name(source: Any) -> str:
    """The name of a built-in data set, or of a file without its folder."""
    return variant_name(source) if isinstance(source, Mapping) else Path(str(source)).name


def variant_name(settings: Any) -> str:
    """The name of a variant without its parameters."""
    return next(iter(settings)) if isinstance(settings, Mapping) else str(settings)
