"""E_t and E_v: the mean error over a set of examples, its standard error, and the share of classes told right.

Both are measured in the same way by the same network, after the epoch, with no dropout and no penalty, so that their
difference says something about the examples and nothing about how they were measured.
"""

from dataclasses import dataclass

import numpy as np

from core.losses import Loss
from core.network import Networks, Workspace

# Examples evaluated at once. Fixed, because the last bits of a matrix product may depend on the number of its rows.
CHUNK = 128


@dataclass(frozen=True)
class Measurement:
    """One number per member (K,), float64. `accuracy` is None where targets are numbers."""

    error: np.ndarray
    standard_error: np.ndarray
    accuracy: np.ndarray | None


class Measurer:
    """Measures the members of a pack on one set of examples.

    `inputs` (R, N, n_0) and `targets` (R, N, n_L) hold the examples of R repeats, `repeat_rows` (K,) each member's
    among them.
    """

    def __init__(self, inputs: np.ndarray, targets: np.ndarray, loss: Loss, *, classes: bool):
        self.inputs, self.targets = inputs, targets
        self.loss = loss
        self.classes = classes
        self._workspaces: dict[tuple[int, int], Workspace] = {}

    def measure(self, networks: Networks, repeat_rows: np.ndarray) -> Measurement:
        """Evaluate all examples for all members."""
        example_count = self.inputs.shape[1]
        errors = np.empty((len(repeat_rows), example_count))
        right = np.empty((len(repeat_rows), example_count), bool)
        for start in range(0, example_count, CHUNK):
            chunk = slice(start, min(start + CHUNK, example_count))
            work = self._evaluate(networks, repeat_rows, chunk)
            errors[:, chunk] = self.loss.errors(work.outputs, work.targets)
            if self.classes:
                right[:, chunk] = told_right(work.outputs, work.targets)
        return Measurement(errors.mean(axis=1), standard_error(errors), right.mean(axis=1) if self.classes else None)

    def _evaluate(self, networks: Networks, repeat_rows: np.ndarray, chunk: slice) -> Workspace:
        work = self._workspace(networks, len(repeat_rows), chunk.stop - chunk.start)
        np.take(self.inputs[:, chunk], repeat_rows, axis=0, out=work.inputs, mode="clip")
        np.take(self.targets[:, chunk], repeat_rows, axis=0, out=work.targets, mode="clip")
        networks.evaluate(work)
        return work

    def _workspace(self, networks: Networks, member_count: int, example_count: int) -> Workspace:
        key = (member_count, example_count)
        if key not in self._workspaces:
            self._workspaces = {other: kept for other, kept in self._workspaces.items() if other[0] == member_count}
            self._workspaces[key] = Workspace(member_count, example_count, networks.layout, networks.dtype)
        return self._workspaces[key]


def standard_error(errors: np.ndarray) -> np.ndarray:
    """Standard error of the mean of each row of `errors` (K, N); NaN for a single example."""
    example_count = errors.shape[1]
    if example_count < 2:
        return np.full(len(errors), np.nan)
    return errors.std(axis=1, ddof=1) / np.sqrt(example_count)


def told_right(outputs: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Whether each example's class is told right (K, B): the largest output, or one output against ½."""
    if outputs.shape[-1] == 1:
        return ((outputs > 0.5) == (targets > 0.5))[..., 0]
    return outputs.argmax(axis=-1) == targets.argmax(axis=-1)
