"""The fingerprint of a data set: equal for equal examples, wherever they were read from."""

import hashlib
import json

import numpy as np
from fitgap.core.data import Dataset


def fingerprint(dataset: Dataset) -> str:
    """SHA-256 in hex over names, kind and shapes, then the bytes of inputs and targets as little-endian float64.

    The name of the data set is left out, so that a file may be moved or renamed. Text columns are told by the names of
    their inputs.
    """
    heading = {
        "input_names": dataset.input_names,
        "target_names": dataset.target_names,
        "target_kind": dataset.target_kind,
        **({"class_names": dataset.class_names} if dataset.class_names else {}),
        "shapes": [dataset.inputs.shape, dataset.targets.shape],
    }
    digest = hashlib.sha256(json.dumps(heading, sort_keys=True).encode())
    for array in (dataset.inputs, dataset.targets):
        # There are many forms of NaN, and all of them mean that a value is missing.
        digest.update(np.where(np.isnan(array), np.nan, array).astype("<f8").tobytes())
    return digest.hexdigest()
