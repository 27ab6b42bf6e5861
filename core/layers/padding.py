"""Sequences of different lengths in one array: their real steps, followed by padding.

In tables of inputs, padding is NaN in all channels. Workspaces and models replace it by 0 and record the lengths. So
no network ever sees this NaN, and NaN in a network always means that it has diverged.
"""

import numpy as np
from fitgap.core.layers.layer import Shape


def lengths_of(inputs: np.ndarray, axes: Shape) -> np.ndarray | None:
    """The number of steps (…) of sequences (…, T · C) with the axes (T, C); None for inputs without steps."""
    if len(axes) != 2:
        return None
    return np.count_nonzero(~np.isnan(inputs[..., :: axes[-1]]), axis=-1)


def take_out_padding(inputs: np.ndarray) -> None:
    """Replace padding by 0."""
    np.copyto(inputs, 0, where=np.isnan(inputs))


def are_padded(lengths: np.ndarray, steps: int) -> np.ndarray:
    """Mask (…, T, 1) of the padded steps of sequences with these lengths (…)."""
    return np.arange(steps)[:, np.newaxis] >= lengths[..., np.newaxis, np.newaxis]


class RealSteps:
    """The real steps of arrays (K, T, B, n) of sequences whose `lengths` (K, B) are overwritten with every batch."""

    def __init__(self, lengths: np.ndarray, steps: int):
        members, examples = lengths.shape
        self.lengths = lengths
        self.padded = np.zeros((members, steps, examples, 1), bool)

    def note(self) -> None:
        """Update the mask of padded steps to the lengths of this batch."""
        np.copyto(self.padded, are_padded(self.lengths, self.padded.shape[1]).swapaxes(1, 2))

    def clear(self, values: np.ndarray) -> None:
        """Set the values of padded steps to 0, in an array (K, T, B, n)."""
        np.copyto(values, 0, where=self.padded)

    def clear_step(self, values: np.ndarray, step: int) -> None:
        """Same as `clear`, for the values (K, B, n) of one step."""
        np.copyto(values, 0, where=self.padded[:, step])

    def last(self, values: np.ndarray) -> np.ndarray:
        """The values (K, B, n) of the last real step of every sequence."""
        return np.take_along_axis(values, self._last_steps(), axis=1)[:, 0]

    def put_last(self, given: np.ndarray, values: np.ndarray) -> None:
        """Write values (K, B, n) to the last real step of every sequence, and 0 to all other steps."""
        values[...] = 0
        np.put_along_axis(values, self._last_steps(), given[:, np.newaxis], axis=1)

    def _last_steps(self) -> np.ndarray:
        return self.lengths[:, np.newaxis, :, np.newaxis] - 1
