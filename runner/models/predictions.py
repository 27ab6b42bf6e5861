"""Predictions of models: rows of predicted values, class probabilities, and scores if the targets are known."""

from typing import Any

import numpy as np
from fitgap.core.losses import LOSSES
from fitgap.core.scores import class_scores, number_scores
from fitgap.runner.amounts import counted
from fitgap.runner.errors import DataError, ModelError
from fitgap.runner.models.named_model import NamedModel, name_of

# The losses whose links turn outputs into probabilities.
PROBABLE_LOSSES = ("softmax_cross_entropy", "sigmoid_cross_entropy")


def predictions(named: NamedModel, inputs: np.ndarray, *, probabilities: bool = False) -> list[dict[str, Any]]:
    """One row per example: its number (from 1), and its predicted class or numbers by target name.

    With `probabilities`, the probability of every class follows, under names such as `p(yes)`. Raises DataError for a
    missing value if the network was trained without filling missing values, and ModelError if its outputs are not
    probabilities.
    """
    if np.isnan(inputs).any() and not named.fills_missing and not named.model.is_padded:
        raise DataError("a value is missing, but this network was trained without filling missing values; fill it in")
    # Values too large for the network's dtype become infinite, and their predictions null.
    with np.errstate(all="ignore"):
        answers = named.model.predict(inputs)
        shares = class_probabilities(named, inputs) if probabilities else [{}] * len(inputs)
    if named.class_names:
        words = [*named.class_names, "unrecognized"]
        return [
            {"row": row, named.target_names[0]: words[int(answer)], **share}
            for row, (answer, share) in enumerate(zip(answers, shares, strict=True), start=1)
        ]
    return [
        {"row": row, **dict(zip(named.target_names, map(finite_number, answer), strict=True))}
        for row, answer in enumerate(answers, start=1)
    ]


def scores(named: NamedModel, inputs: np.ndarray, targets: np.ndarray) -> dict[str, float]:
    """The scores of the predictions for examples with known targets (N, m); examples without are left out.

    Raises DataError if no target is known, or if there are more or fewer targets than examples.
    """
    if len(targets) != len(inputs):
        rule = f"there are {counted(len(inputs), 'example')}, but {counted(len(targets), 'target')}"
        raise DataError(f"{rule}; store one target for each example")
    known = ~np.isnan(targets).any(axis=1)
    if not known.any():
        raise DataError("no example has a target, so there is nothing to compare the predictions with")
    inputs, targets = inputs[known], targets[known]
    with np.errstate(all="ignore"):
        answers = named.model.predict(inputs)
    if not named.class_names:
        return {"examples": float(len(inputs)), **number_scores(targets, answers)}
    shares = None
    if name_of(named.model.loss, LOSSES) in PROBABLE_LOSSES:
        rows = class_probabilities(named, inputs)
        shares = np.array([list(row.values()) for row in rows], float)
    return {"examples": float(len(inputs)), **class_scores(targets[:, 0], answers, shares)}


def class_probabilities(named: NamedModel, inputs: np.ndarray) -> list[dict[str, float | None]]:
    """The probability of every class for each example. Raises ModelError if the outputs are not probabilities."""
    loss = name_of(named.model.loss, LOSSES)
    if not named.class_names or loss not in PROBABLE_LOSSES:
        what = f"the loss {loss}" if named.class_names else "numbers as targets"
        rule = f"this network was trained with {what}, so its outputs are not probabilities"
        raise ModelError(f"{rule}; train with --loss softmax_cross_entropy on classes")
    outputs = named.model.outputs(inputs).astype(np.float64)
    if outputs.shape[1] == 1:
        outputs = np.hstack([1 - outputs, outputs])
    names = [f"p({name})" for name in (*named.class_names, "unrecognized")][: outputs.shape[1]]
    return [dict(zip(names, map(finite_number, row), strict=True)) for row in outputs]


def finite_number(value: Any) -> float | None:
    """The number; None if it is not finite."""
    return float(value) if np.isfinite(value) else None
