"""The data set of most benchmarks: handwritten digits, shipped with fitgap."""

import numpy as np
from fitgap.runner.data import load_dataset

TRAINING_COUNT = 1437
BATCH_SIZE = 32


def digits(dtype: str = "float32") -> tuple[np.ndarray, np.ndarray]:
    """Inputs (1797, 64) in [0, 1] and targets (1797, 10), one output per class."""
    dataset = load_dataset("digits")
    classes = dataset.targets[:, 0].astype(int)
    return dataset.inputs.astype(dtype), np.eye(10, dtype=dtype)[classes]


def training_digits(dtype: str = "float32") -> tuple[np.ndarray, np.ndarray]:
    """The first 1437 examples, for training."""
    inputs, targets = digits(dtype)
    return inputs[:TRAINING_COUNT], targets[:TRAINING_COUNT]
