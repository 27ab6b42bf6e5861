"""Sequences of different lengths in an NPZ file: how long each is, from an array of lengths or from trailing NaN."""

import numpy as np
from fitgap.runner.data.error_texts import file_error, visible

# Given instead of the name of an array if the steps after the last one are NaN in all channels.
BY_NAN = "nan"


def with_padding(source: str, inputs: np.ndarray, name: str, lengths: np.ndarray | None) -> np.ndarray:
    """Sequences (N, steps, channels) as float64, with NaN after the last step of each.

    `lengths` is the array called `name`; None if `name` is BY_NAN. Raises DataError for invalid lengths, and for a
    missing value in a step that is not padding.
    """
    if inputs.ndim != 3 or inputs.dtype.kind not in "biuf":
        rule = f"lengths applies to sequences, but array 'inputs' has the shape {inputs.shape}"
        raise file_error(source, f"{rule}; store numbers as (N, steps, channels), or leave out lengths")
    values = np.array(inputs, np.float64)
    counts = counted_lengths(values) if lengths is None else checked_lengths(source, values, name, lengths)
    if not counts.all():
        row = int(np.flatnonzero(counts == 0)[0]) + 1
        raise file_error(source, f"array 'inputs', row {row}: the sequence has no step; remove the row")
    is_padding = np.arange(values.shape[1]) >= counts[:, np.newaxis]
    values[is_padding] = 0
    if np.isnan(values).any():
        row, step, channel = np.argwhere(np.isnan(values))[0] + 1
        place = f"array 'inputs', row {row}, step {step}, channel {channel}"
        rule = f"{place}: the value is missing in a step that is not padding"
        raise file_error(source, f"{rule}; correct it or remove the row")
    values[is_padding] = np.nan
    return values


def counted_lengths(values: np.ndarray) -> np.ndarray:
    """The number of steps (N,) up to the last one that has a value."""
    is_present = ~np.isnan(values).all(axis=2)
    return np.where(is_present.any(axis=1), is_present.shape[1] - is_present[:, ::-1].argmax(axis=1), 0)


def checked_lengths(source: str, values: np.ndarray, name: str, lengths: np.ndarray) -> np.ndarray:
    """The lengths (N,) as whole numbers. Raises DataError unless all are from 1 to the number of steps."""
    shown, (count, steps, _) = f"array '{visible(name)}'", values.shape
    if lengths.shape not in ((count,), (count, 1)) or lengths.dtype.kind not in "iuf":
        rule = f"{shown} has the shape {lengths.shape} and holds {visible(lengths.dtype)}"
        raise file_error(source, f"{rule}, but there are {count} sequences; store one whole number for each")
    flat = lengths.reshape(count)
    wrong = ~((flat >= 1) & (flat <= steps) & (flat == np.floor(flat)))
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        rule = f"{shown}, row {row + 1}: a length must be a whole number from 1 to {steps}, the number of steps"
        raise file_error(source, f"{rule}, but is {flat[row]:g}; correct it")
    return flat.astype(int)
