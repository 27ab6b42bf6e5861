"""Evaluation of networks: E_t and E_v, the mean errors over a set of examples, their standard errors, and accuracy.

Both are measured in the same way after the epoch, without dropout and penalties, so that they differ only because of
the examples.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from fitgap.core.batches import batches, batches_in_order
from fitgap.core.losses import over_outputs
from fitgap.core.members import PackShape
from fitgap.core.network import Networks
from fitgap.core.network_shape import NetworkShape
from fitgap.core.workspace import Workspace

# Examples evaluated at once. Fixed, because the last bits of a matrix product may depend on its number of rows.
CHUNK = 128
# Networks with non-dense layers are evaluated on fewer at once, so that all layers together have at most this many
# values.
MOST_VALUES = 1 << 20
# Up to this layer width, evaluation stores activations unit by unit. In wider layers, the matrix product would slow
# down by more than this gains.
WIDEST_BY_UNIT = 64


@dataclass(frozen=True)
class Measurement:
    """Results of an evaluation in float64: `errors` (K, N) per member and example, `accuracy` (K,) per member.

    `accuracy` is the share of correctly classified examples; for numbers R², the share of the variance explained.
    `chosen` (R, N) are the rows of the examples in each repeat, or None for all of them. If examples have weights,
    `errors` are multiplied by them, and `unweighted` holds the errors before that.
    """

    errors: np.ndarray
    accuracy: np.ndarray
    chosen: np.ndarray | None = None
    unweighted: np.ndarray | None = None

    @property
    def own_errors(self) -> np.ndarray:
        """The errors without weights."""
        return self.errors if self.unweighted is None else self.unweighted

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

    `inputs` (N, n_0), `targets` (N, n_L) and, if examples have any, `weights` (N,) are given for each repeat.
    """

    def __init__(
        self,
        inputs: Sequence[np.ndarray],
        targets: Sequence[np.ndarray],
        shape: PackShape,
        weights: Sequence[np.ndarray] | None = None,
    ):
        self.inputs, self.targets, self.shape, self.weights = inputs, targets, shape, weights
        self._workspaces: dict[tuple[bytes, int], Workspace] = {}

    @property
    def example_count(self) -> int:
        return len(self.inputs[0])

    def measure(self, networks: Networks, repeat_rows: np.ndarray, chosen: np.ndarray | None = None) -> Measurement:
        """Evaluate all members on all examples, or only on the rows `chosen` (R, M) of each repeat.

        `repeat_rows` (K,) holds the index of each member's repeat.
        """
        errors, marks = [], []
        for work in self._evaluated(networks, repeat_rows, chosen):
            errors.append(self._errors(work))
            marks.append(self._mark(work))
        found, accuracy = np.hstack(errors), self._accuracy(np.hstack(marks), chosen, repeat_rows)
        if self.weights is None:
            return Measurement(found, accuracy, chosen)
        weights = np.stack(self.weights if chosen is None else list(map(np.take, self.weights, chosen)))
        return Measurement(found * weights[repeat_rows], accuracy, chosen, found)

    def outputs(
        self, networks: Networks, repeat_rows: np.ndarray, chosen: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """The outputs and the encoded targets (K, N, n_L) of the same examples."""
        found = [(work.outputs.copy(), work.targets.copy()) for work in self._evaluated(networks, repeat_rows, chosen)]
        outputs, targets = zip(*found, strict=True)
        return np.concatenate(outputs, axis=1), np.concatenate(targets, axis=1)

    def _evaluated(self, networks: Networks, repeat_rows: np.ndarray, chosen: np.ndarray | None) -> Iterator[Workspace]:
        """The workspace after evaluating each chunk of the examples."""
        tables = self.inputs, self.targets
        size = chunk_of(networks.shape)
        for inputs, targets in batches_in_order(tables, size) if chosen is None else batches(tables, chosen, size):
            work = self._workspace(networks, repeat_rows, inputs.shape[1])
            work.load_batch(inputs, targets)
            networks.evaluate(work)
            yield work

    def compile(self, networks: Networks) -> None:
        """Measure these networks with compiled passes from now on, where there is machine code."""
        for work in self._workspaces.values():
            networks.compile(work)

    def _errors(self, work: Workspace) -> np.ndarray:
        """The error of every example (K, B)."""
        loss, computed = self.shape.loss, work.output_pass
        return (
            loss.errors_by_gradient(computed.gradient, computed.wide)
            if computed
            else loss.errors(work.outputs, work.targets)
        )

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
            work = self._workspaces[key] = Workspace(
                len(repeat_rows),
                example_count,
                networks.layout,
                networks.dtype,
                repeat_rows,
                own_inputs=False,
                by_unit=stores_by_unit(networks.shape),
            )
            work.loss = self.shape.loss
        return self._workspaces[key]


def chunk_of(shape: NetworkShape) -> int:
    """The number of examples that are evaluated at once. It depends only on the shape of the networks."""
    if shape.is_dense:
        return CHUNK
    return max(1, min(CHUNK, MOST_VALUES // (sum(shape.sizes) + shape.scratch)))


def stores_by_unit(shape: NetworkShape) -> bool:
    """Whether evaluation of such networks stores activations unit by unit."""
    return shape.is_dense and max(shape.sizes[1:]) <= WIDEST_BY_UNIT


def total_variation(targets: np.ndarray) -> float:
    """Σ‖y − ȳ‖² over the examples, from targets (N, m); NaN if they are constant."""
    values = targets.astype(np.float64)
    total = float(((values - values.mean(axis=0)) ** 2).sum())
    return total if total > 0 else float("nan")
