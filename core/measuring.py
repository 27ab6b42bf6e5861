"""E_t and E_v: the mean error over a set of examples, its standard error, and how well the answers are read.

Both are measured in the same way by the same network, after the epoch, with no dropout and no penalty, so that their
difference says something about the examples and nothing about how they were measured.
"""

from dataclasses import dataclass

import numpy as np

from core.members import PackShape
from core.network import Networks, Workspace

# Examples evaluated at once. Fixed, because the last bits of a matrix product may depend on the number of its rows.
CHUNK = 128


@dataclass(frozen=True)
class Measurement:
    """One number per member (K,), float64; `errors` (K, N) holds those of the single examples.

    `accuracy` is the share of classes told right; for numbers R², the share of the targets' variance explained.
    """

    errors: np.ndarray
    accuracy: np.ndarray

    @property
    def error(self) -> np.ndarray:
        return self.errors.mean(axis=1)

    @property
    def standard_error(self) -> np.ndarray:
        """Standard error of the mean; NaN for a single example."""
        example_count = self.errors.shape[1]
        if example_count < 2:
            return np.full(len(self.errors), np.nan)
        return self.errors.std(axis=1, ddof=1) / np.sqrt(example_count)


class Measurer:
    """Measures the members of a pack on one set of examples.

    `inputs` (R, N, n_0) and `targets` (R, N, n_L) hold the examples of R repeats; members name theirs by `repeat_rows`.
    """

    def __init__(self, inputs: np.ndarray, targets: np.ndarray, shape: PackShape):
        self.inputs, self.targets, self.shape = inputs, targets, shape
        # What is to be told, read once from the targets (R, N); nothing for numbers.
        self.classes = shape.reading.read(targets, shape.class_count) if shape.class_count else None
        self._workspaces: dict[tuple[int, int], Workspace] = {}

    def measure(self, networks: Networks, repeat_rows: np.ndarray, chosen: np.ndarray | None = None) -> Measurement:
        """Evaluate all members, `repeat_rows` (K,), on all examples or on the `chosen` (R, M) of each repeat."""
        inputs, targets, classes = self.inputs, self.targets, self.classes
        if chosen is not None:
            inputs = np.take_along_axis(inputs, chosen[..., None], axis=1)
            targets = np.take_along_axis(targets, chosen[..., None], axis=1)
            classes = None if classes is None else np.take_along_axis(classes, chosen, axis=1)
        example_count = inputs.shape[1]
        errors = np.empty((len(repeat_rows), example_count))
        marks = np.empty((len(repeat_rows), example_count))
        for start in range(0, example_count, CHUNK):
            chunk = slice(start, min(start + CHUNK, example_count))
            work = self._workspace(networks, len(repeat_rows), chunk.stop - chunk.start)
            np.take(inputs[:, chunk], repeat_rows, axis=0, out=work.inputs, mode="clip")
            np.take(targets[:, chunk], repeat_rows, axis=0, out=work.targets, mode="clip")
            networks.evaluate(work)
            errors[:, chunk] = self.shape.loss.errors(work.outputs, work.targets)
            marks[:, chunk] = self._mark(work, None if classes is None else classes[:, chunk][repeat_rows])
        return Measurement(errors, self._accuracy(marks, targets[repeat_rows]))

    def _mark(self, work: Workspace, classes: np.ndarray | None) -> np.ndarray:
        """For every example (K, B): whether its class is told right, or its squared difference."""
        if classes is None:
            difference = np.subtract(work.outputs, work.targets, dtype=np.float64)
            return (difference * difference).sum(axis=-1)
        answers = self.shape.reading.read(self.shape.loss.linked(work.outputs), self.shape.class_count)
        return answers == classes

    def _accuracy(self, marks: np.ndarray, targets: np.ndarray) -> np.ndarray:
        if self.shape.class_count:
            return marks.mean(axis=1)
        return 1 - marks.sum(axis=1) / total_variation(targets)

    def _workspace(self, networks: Networks, member_count: int, example_count: int) -> Workspace:
        key = (member_count, example_count)
        if key not in self._workspaces:
            self._workspaces = {other: kept for other, kept in self._workspaces.items() if other[0] == member_count}
            self._workspaces[key] = Workspace(member_count, example_count, networks.layout, networks.dtype)
        return self._workspaces[key]


def total_variation(targets: np.ndarray) -> np.ndarray:
    """Σ‖y − ȳ‖² over the examples of each member (K,), from targets (K, N, m); NaN where they do not vary."""
    values = targets.astype(np.float64)
    total = ((values - values.mean(axis=1, keepdims=True)) ** 2).sum(axis=(1, 2))
    return np.where(total > 0, total, np.nan)
