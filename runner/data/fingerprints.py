"""Fingerprints of data sets: equal for equal examples, regardless of where they were read from."""

import hashlib
import json

import numpy as np
from fitgap.core.datasets import Dataset


def fingerprint(dataset: Dataset) -> str:
    """SHA-256 in hex over names, kind and shapes, then the bytes of inputs and targets as little-endian float64.

    The name of the data set is not included, so a file may be moved or renamed. Text columns are represented by the
    names of their inputs.
    """
    heading = {
        "input_names": dataset.input_names,
        "target_names": dataset.target_names,
        "target_kind": dataset.target_kind,
        **({"marks": sorted(dataset.marks)} if dataset.marks else {}),
        **({"class_names": dataset.class_names} if dataset.class_names else {}),
        "shapes": [dataset.inputs.shape, dataset.targets.shape],
    }
    digest = hashlib.sha256(json.dumps(heading, sort_keys=True).encode())
    for array in (dataset.inputs, dataset.targets):
        # All bit patterns of NaN mean a missing value, so they are unified.
        digest.update(np.where(np.isnan(array), np.nan, array).astype("<f8").tobytes())
    for name in sorted(dataset.marks):
        digest.update(dataset.marks[name].astype("<f8").tobytes())
    return digest.hexdigest()


def draw_fingerprint(dataset: Dataset, repeat: int) -> str | None:
    """The fingerprint of the examples of a repeat; None if they are those of the data set."""
    own = dataset.of_repeat(repeat)
    pairs = (own.inputs, dataset.inputs), (own.targets, dataset.targets)
    are_same = all(np.array_equal(mine, theirs, equal_nan=True) for mine, theirs in pairs)
    return None if are_same else fingerprint(own)
