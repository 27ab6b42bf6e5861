"""Evaluation of networks: E_t and E_v, the mean errors over a set of examples, their standard errors, and accuracy.

Both are measured in the same way after the epoch, without dropout and penalties, so that their difference reflects the
examples and not the way they were measured.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from fitgap.core.batches import batches, batches_in_order
from fitgap.core.losses import over_outputs
from fitgap.core.members import PackShape
from fitgap.core.network import Networks, Workspace

# Examples evaluated at once. Fixed, because the last bits of a matrix product may depend on its number of rows.
CHUNK = 128
# Up to this layer width, evaluation stores activations unit by unit; in wider layers the slower product outweighs it.
WIDEST_BY_UNIT = 64


@dataclass(frozen=True)
class Measurement:
    """Results of an evaluation in float64: `errors` (K, N) per member and example, `accuracy` (K,) per member.

    `accuracy` is the share of correctly classified examples; for numbers R², the share of the variance explained.
    `chosen` (R, N) are the rows of the examples in each repeat, or None for all of them.
    """

    errors: np.ndarray
    accuracy: np.ndarray
    chosen: np.ndarray | None = None

    @property
    def error(self) -> np.ndarray:
        return self.errors.mean(axis=1)

    @property
    def standard_error(self) -> np.ndarray:
        """Standard error of the mean (K,); NaN for a single example."""
        example_count = self.errors.shape[1]
        if example_count < 2:
            return np.full(len(self.errors), np.nan)
        differences = self.errors - self.errors.mean(axis=1, keepdims=True)
        # Three times faster than `std`.
        squares = np.vecdot(differences, differences)
        return np.sqrt(squares / (example_count - 1) / example_count)


class Measurer:
    """Measures the members of a pack on one set of examples.

    `inputs` (N, n_0) and `targets` (N, n_L) are given for each repeat; `repeat_rows` maps members to repeats.
    """

    def __init__(self, inputs: Sequence[np.ndarray], targets: Sequence[np.ndarray], shape: PackShape):
        self.inputs, self.targets, self.shape = inputs, targets, shape
        self._workspaces: dict[tuple[bytes, int], Workspace] = {}

    @property
    def example_count(self) -> int:
        return len(self.inputs[0])

    def measure(self, networks: Networks, repeat_rows: np.ndarray, chosen: np.ndarray | None = None) -> Measurement:
        """Evaluate all members on all examples, or only on the rows `chosen` (R, M) of each repeat.

        `repeat_rows` (K,) holds the index of each member's repeat.
        """
        tables = self.inputs, self.targets
        errors, marks = [], []
        for inputs, targets in batches_in_order(tables, CHUNK) if chosen is None else batches(tables, chosen, CHUNK):
            work = self._workspace(networks, repeat_rows, inputs.shape[1])
            work.load_batch(inputs, targets)
            networks.evaluate(work)
            errors.append(self.shape.loss.errors(work.outputs, work.targets))
            marks.append(self._mark(work))
        return Measurement(np.hstack(errors), self._accuracy(np.hstack(marks), chosen, repeat_rows), chosen)

    def _mark(self, work: Workspace) -> np.ndarray:
        """For every example (K, B): whether its class is predicted correctly, or its squared error."""
        reading, class_count = self.shape.reading, self.shape.class_count
        if not class_count:
            difference = np.subtract(work.outputs, work.targets, dtype=np.float64)
            difference *= difference
            return over_outputs(difference)
        return reading.agree(self.shape.loss.linked(work.outputs), work.targets, class_count)

    def _accuracy(self, marks: np.ndarray, chosen: np.ndarray | None, repeat_rows: np.ndarray) -> np.ndarray:
        if self.shape.class_count:
            return marks.mean(axis=1)
        total = self._total_variation if chosen is None else self._variation_of(chosen)
        return 1 - marks.sum(axis=1) / total[repeat_rows]

    @cached_property
    def _total_variation(self) -> np.ndarray:
        """The total variation of each repeat's targets (R,)."""
        return np.array([total_variation(table) for table in self.targets])

    def _variation_of(self, chosen: np.ndarray) -> np.ndarray:
        """The total variation of each repeat's chosen (R, M) targets, as (R,)."""
        return np.array([total_variation(table[rows]) for table, rows in zip(self.targets, chosen, strict=True)])

    def _workspace(self, networks: Networks, repeat_rows: np.ndarray, example_count: int) -> Workspace:
        key = (repeat_rows.tobytes(), example_count)
        if key not in self._workspaces:
            self._workspaces[key] = Workspace(
                len(repeat_rows),
                example_count,
                networks.layout,
                networks.dtype,
                repeat_rows,
                own_inputs=False,
                by_unit=max(self.shape.layers[1:]) <= WIDEST_BY_UNIT,
            )
        return self._workspaces[key]


def total_variation(targets: np.ndarray) -> float:
    """Σ‖y − ȳ‖² over the examples, from targets (N, m); NaN if they are constant."""
    values = targets.astype(np.float64)
    total = float(((values - values.mean(axis=0)) ** 2).sum())
    return total if total > 0 else float("nan")
