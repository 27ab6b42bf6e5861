"""Metrics of members that have just finished, after their last and their best epoch.

During training, only the parameters of the best epoch are kept; metrics are computed once, at the end.
"""

import weakref
from dataclasses import dataclass

import numpy as np
from fitgap.core.in_training import InTraining
from fitgap.core.metrics import Metrics, class_metrics, number_metrics
from fitgap.core.repeats import TRAINING_SIDE, VALIDATION_SIDE

# The outputs of several members are processed at once, up to this many bytes in float64.
MOST_BYTES = 4 << 20


@dataclass(frozen=True)
class MemberMetrics:
    """The metrics of one member: on training and validation examples after the last epoch, and on validation examples
    after the best epoch (`at_best`, empty if the parameters of that epoch are unknown).

    `confusion` (C, answers) is the confusion matrix of the validation examples after the best epoch; None for numbers,
    or if unknown. `recognized` (C, 2) and `best_recognized` count the validation examples of each class, and those of
    them that were recognized, after the last and the best epoch.
    """

    training: dict[str, float]
    validation: dict[str, float]
    at_best: dict[str, float]
    confusion: np.ndarray | None
    recognized: np.ndarray | None
    best_recognized: np.ndarray | None


class FinalMetrics:
    """Keeps the parameters of the best epochs of a pack's members, and computes metrics when members finish."""

    def __init__(self, pack: InTraining, member_count: int):
        # A weak reference: the pack refers to this object, and a reference cycle would be freed much later.
        self.pack: InTraining = weakref.proxy(pack)
        # By member number: the best epoch, 0 if its parameters are unknown, and the parameters.
        self.best_epochs = np.zeros(member_count, int)
        self.parameters = np.zeros((member_count, pack.networks.layout.row_length), pack.networks.dtype)

    def remember_best(self, rows: np.ndarray) -> None:
        """Record that the last epoch was the best so far for the members in these rows."""
        numbers = self.pack.member_numbers[rows]
        self.best_epochs[numbers] = self.pack.epoch
        self.parameters[numbers] = self.pack.networks.parameters[rows]

    @np.errstate(all="ignore")
    def of(self, rows: np.ndarray) -> list[MemberMetrics]:
        """The metrics of the members in these rows (k,), which are still in the pack."""
        last, epochs = self._ends_of(rows)
        training = self._measured(rows, last, epochs, TRAINING_SIDE, is_brief=True)
        validation = self._measured(rows, last, epochs, VALIDATION_SIDE)
        at_best = self._at_best(rows, validation, epochs)
        return [
            MemberMetrics(
                training=of_row(training, row),
                validation=of_row(validation, row),
                at_best=of_row(best, position) if best is not None else {},
                confusion=None if best is None or best.confusion is None else best.confusion[position],
                recognized=recognized(validation, row),
                best_recognized=None if best is None else recognized(best, position),
            )
            for row, (best, position) in enumerate(at_best)
        ]

    def _ends_of(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The final parameters (k, P) of the members in these rows, and the epochs (k,) after which they had them."""
        parameters = self.pack.networks.parameters[rows]
        epochs = np.full(len(rows), self.pack.epoch)
        numbers = self.pack.member_numbers[rows]
        is_restored = np.array([self.pack.members[row].restores_best for row in rows]) & (self.best_epochs[numbers] > 0)
        parameters[is_restored] = self.parameters[numbers[is_restored]]
        epochs[is_restored] = self.best_epochs[numbers[is_restored]]
        return parameters, epochs

    def _at_best(self, rows: np.ndarray, last: Metrics, ends: np.ndarray) -> list[tuple[Metrics | None, int]]:
        """For each of the rows, the metrics after the best epoch (None if unknown) and the member's position in them.

        `last` are the metrics after the epochs `ends` (k,).
        """
        numbers = self.pack.member_numbers[rows]
        epochs = self.best_epochs[numbers]
        earlier = np.flatnonzero((epochs != ends) & (epochs > 0))
        before: Metrics | None = None
        if earlier.size:
            parameters = self.parameters[numbers[earlier]]
            before = self._measured(rows[earlier], parameters, epochs[earlier], VALIDATION_SIDE)
        places = {int(position): place for place, position in enumerate(earlier)}
        return [
            (before, places[position]) if position in places else (last if epochs[position] else None, position)
            for position in range(len(rows))
        ]

    def _measured(
        self, rows: np.ndarray, parameters: np.ndarray, epochs: np.ndarray, side: int, *, is_brief: bool = False
    ) -> Metrics:
        """The metrics of the members in these rows (k,) with these parameters (k, P), on one side.

        If only some examples are measured, `epochs` (k,) determine which. `is_brief` leaves out slow metrics.
        """
        table = (self.pack.on_training, self.pack.on_validation)[side]
        count = min(table.example_count, self.pack.shape.measured_examples or table.example_count)
        together = max(1, MOST_BYTES // (8 * count * self.pack.shape.network.sizes[-1]))
        parts = []
        # If all examples are measured, they are the same in every epoch.
        for chosen in grouped(epochs if count < table.example_count else np.zeros_like(epochs), together):
            outputs, targets = self._outputs(rows[chosen], parameters[chosen], int(epochs[chosen[0]]), side)
            parts.append((chosen, self._metrics(outputs, targets, rows[chosen], is_brief=is_brief)))
        order = np.argsort(np.concatenate([chosen for chosen, _ in parts]), kind="stable")
        found = Metrics.joined([metrics for _, metrics in parts])
        confusion = None if found.confusion is None else found.confusion[order]
        return Metrics({name: values[order] for name, values in found.values.items()}, confusion)

    def _outputs(
        self, rows: np.ndarray, parameters: np.ndarray, epoch: int, side: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Outputs and encoded targets (k, N, n_L) of the examples that are measured in an epoch."""
        pack = self.pack
        chosen = pack.repeats.choose_measured(pack.shape.measured_examples, epoch, side)
        repeat_rows = pack.repeats.rows[rows]
        if len(rows) == len(pack.members):
            # Reuse the pack's buffers, which are already allocated.
            kept = pack.networks.parameters.copy()
            try:
                pack.networks.parameters[rows] = parameters
                return (pack.on_training, pack.on_validation)[side].outputs(pack.networks, repeat_rows, chosen)
            finally:
                pack.networks.parameters[:] = kept
        networks = pack.networks.subset(rows, [pack.members[row] for row in rows])
        networks.parameters[:] = parameters
        return pack.repeats.measurer(side, pack.shape).outputs(networks, repeat_rows, chosen)

    def _metrics(self, outputs: np.ndarray, targets: np.ndarray, rows: np.ndarray, *, is_brief: bool) -> Metrics:
        shape = self.pack.shape
        if shape.class_count:
            settings = shape.loss, shape.reading, shape.class_count
            return class_metrics(outputs, targets, *settings, with_scores=not is_brief)
        repeats = self.pack.repeats
        lengths = np.stack([repeats.target_lengths[number] for number in repeats.rows[rows]])
        return number_metrics(outputs, targets, lengths)


def grouped(epochs: np.ndarray, together: int) -> list[np.ndarray]:
    """Positions of equal epochs, at most `together` in a group."""
    groups = []
    for epoch in sorted(set(epochs.tolist())):
        positions = np.flatnonzero(epochs == epoch)
        groups += [positions[start : start + together] for start in range(0, len(positions), together)]
    return groups


def of_row(metrics: Metrics, row: int) -> dict[str, float]:
    """The metrics of one member."""
    return {name: float(values[row]) for name, values in metrics.values.items()}


def recognized(metrics: Metrics, row: int) -> np.ndarray | None:
    """The number of examples of each class, and of those that one member recognized (C, 2); None for numbers."""
    if metrics.confusion is None:
        return None
    confusion = metrics.confusion[row]
    return np.column_stack([confusion.sum(axis=1), np.diagonal(confusion)])
