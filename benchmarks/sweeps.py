"""The sweeps to measure, as sweep files, and the alternatives from which peers choose."""

import json
from typing import Any

ARCHITECTURES = ("16", "32")
ACTIVATIONS = ("relu", "tanh", "sigmoid", "prelu")
DROPOUTS = (0.0, 0.2)
OPTIMIZERS = (
    ("gradient_descent", 0.1),
    ("momentum", 0.1),
    ("rmsprop", 0.001),
    ("adam", 0.001),
    ("adam", 0.01),
)
REPEATS = 5
LARGE, FULL, QUICK = 4000, 400, 40

# The grid, which scikit-learn's GridSearchCV searches as well.
GRID_ACTIVATIONS = ("relu", "tanh", "sigmoid")
GRID_RATES = (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1)
GRID_REPEATS, GRID_VALIDATION = 3, 1 / 3


def digits_sweep(trials: int, epochs: int) -> str:
    """The text of a sweep file, in JSON, which is also YAML: 400 or 4,000 trials on digits, or 40 for a quick run."""
    assert trials in (LARGE, FULL, QUICK)
    quick = trials == QUICK
    axes = {
        "architecture": list(ARCHITECTURES[: 1 if quick else 2]),
        "activation": list(ACTIVATIONS),
        "regularizer": ["none", {"dropout": {"ratio": DROPOUTS[1]}}],
        "optimizer": [{name: {"rate": rate}} for name, rate in OPTIMIZERS],
    }
    return written("digits", axes, epochs=epochs, repeats=1 if quick else REPEATS * trials // FULL)


def grid_sizes(quick: bool) -> list[str]:
    return list(ARCHITECTURES[: 1 if quick else 2])


def grid_rates(quick: bool) -> list[float]:
    return list(GRID_RATES[: 2 if quick else None])


def grid_size(quick: bool) -> int:
    """The number of trials of the grid: 108, or 18 for a quick run."""
    return len(grid_sizes(quick)) * len(GRID_ACTIVATIONS) * len(grid_rates(quick)) * GRID_REPEATS


def grid_sweep(epochs: int, quick: bool) -> str:
    """The grid as a sweep: architectures, activation functions and rates of Adam, with cross entropy."""
    axes = {
        "architecture": grid_sizes(quick),
        "activation": list(GRID_ACTIVATIONS),
        "optimizer": [{"adam": {"rate": grid_rates(quick)}}],
        "loss": ["softmax_cross_entropy"],
    }
    return written("grid", axes, epochs=epochs, repeats=GRID_REPEATS, validation=GRID_VALIDATION)


def wide_sweep(trials: int) -> str:
    """`trials` trials (a multiple of 100) of one epoch, over learning rates and L2 weights, with ten repeats."""
    rates = min(100, trials // 100)
    weights = trials // (10 * rates)
    axes = {
        "architecture": ["16"],
        "regularizer": [{"l2": {"weight": [(1 + number) / 1e6 for number in range(weights)]}}],
        "optimizer": [{"adam": {"rate": [(1 + number) / 1e5 for number in range(rates)]}}],
    }
    return written("wide", axes, epochs=1, repeats=10)


def large_sweep(trials: int, architecture: str, *, epochs: int, record: Any) -> str:
    """`trials` trials (a multiple of 80) of one architecture, over learning rates and L2 weights, with ten repeats."""
    rates = min(50, trials // 80)
    weights = trials // (20 * rates)
    assert 20 * rates * weights == trials
    axes = {
        "architecture": [architecture],
        "activation": ["relu", "tanh"],
        "regularizer": [{"l2": {"weight": [(1 + number) / 1e6 for number in range(weights)]}}],
        "optimizer": [{"adam": {"rate": [(1 + number) / 1e4 for number in range(rates)]}}],
    }
    return written("large", axes, epochs=epochs, repeats=10, record=record)


def written(
    name: str, axes: dict[str, Any], *, epochs: int, repeats: int, record: Any = "all", validation: float = 0.2
) -> str:
    sweep = {
        "name": name,
        "data": {"source": "digits", "validation": validation},
        "repeats": repeats,
        "training": {"epochs": epochs, "batch_size": 32, "record": record},
        "axes": axes,
    }
    return json.dumps(sweep, indent=1)
