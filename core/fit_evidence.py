"""Evidence for diagnosing fit: errors of sampled examples after the best and the last epoch, and layer statistics.

A member's evidence is bit-for-bit the same whichever members share its pack.
"""

import weakref
from collections.abc import Sequence
from functools import cached_property

import numpy as np
from fitgap.core.in_training import InTraining
from fitgap.core.layer_statistics import LayerStatistics, layer_statistics, root_mean_squares
from fitgap.core.members import PackShape
from fitgap.core.network import Networks
from fitgap.core.repeats import TRAINING_SIDE, VALIDATION_SIDE, Repeats

# Examples per side. Their errors after the best and the last epoch, in float32, take at most 4 KB per trial.
SAMPLE_SIZE = 250
# The errors of all examples of a side are kept until the next epoch if there are at most this many examples.
MOST_KEPT = 4096


class Evidence:
    """The evidence on the members of a pack. Methods take the members' rows, which change when members leave."""

    def __init__(self, pack: InTraining):
        # A weak reference: the pack refers to this object, and a reference cycle would be freed much later.
        self.pack: InTraining = weakref.proxy(pack)
        self.rms_start = root_mean_squares(pack.networks)
        # By member number: the errors after the best epoch, or the parameters to compute them with.
        self.errors_at_best: dict[int, np.ndarray] = {}
        self.parameters_at_best: dict[int, np.ndarray] = {}

    def rebind_views(self) -> None:
        """Refer to the examples of the pack's current members."""
        self.sample = Sample(self.pack.repeats, self.pack.shape)
        # Errors after the last epoch, for each side whose examples were all measured (see `note`); and the sampled
        # errors of both sides in one array, once computed.
        self.measured: dict[int, np.ndarray] = {}
        self.measured_together: np.ndarray | None = None
        # By row, the position of the best epoch so far among those waiting in the cross-fit, from 1; 0 if not there.
        self.best_waiting = np.zeros(len(self.pack.members), int)

    @property
    def is_measured(self) -> bool:
        """Whether the sampled examples of both sides were measured after the last epoch."""
        return len(self.measured) == 2

    @property
    def chosen(self) -> list[np.ndarray]:
        """The sampled rows (R, n) of each side."""
        return self.sample.chosen

    def compact(self, rows: np.ndarray) -> None:
        """Keep only these rows."""
        self.rms_start = self.rms_start[rows]

    def note(self, errors: np.ndarray, side: int) -> None:
        """Record the errors (K, N) of all examples of a side after an epoch."""
        # Sampled errors are extracted only when needed, unless keeping all errors until then would take much memory.
        self.measured[side] = errors if errors.shape[1] <= MOST_KEPT else self.sample.errors_among(errors, side)
        self.measured_together = None

    def last_sides(self) -> list[np.ndarray]:
        """The errors on each side after the last epoch, (K, N) of all examples or (K, n) of the sample."""
        return [self.measured[side] for side in (TRAINING_SIDE, VALIDATION_SIDE)]

    def errors_among(self, sides: Sequence[np.ndarray], rows: np.ndarray) -> np.ndarray:
        """The errors (k, 2, n) of the sampled examples for these rows (k,), from the errors on each side."""
        return side_by_side([self.sample.errors_among(errors, side, rows) for side, errors in enumerate(sides)])

    def remember_best(self, rows: np.ndarray) -> None:
        """Record that the last epoch was the best so far for these rows."""
        waiting = len(self.pack.cross_fit.waiting)
        if waiting:
            self.best_waiting[rows] = waiting
            return
        numbers = self.pack.member_numbers[rows].tolist()
        if self.is_measured:
            self.errors_at_best |= dict(zip(numbers, self.last_errors(rows), strict=True))
        else:
            # Measured on demand, because a better epoch may follow.
            self.parameters_at_best |= dict(zip(numbers, self.pack.networks.parameters[rows], strict=True))

    def take_best(self, sides: Sequence[np.ndarray]) -> None:
        """Extract the errors after the best epochs from the errors (E, K, N) on each side in the waiting epochs."""
        rows = np.flatnonzero(self.best_waiting)
        if rows.size:
            epochs, numbers = self.best_waiting[rows] - 1, self.pack.member_numbers[rows].tolist()
            found = self.errors_among([side[epochs, rows] for side in sides], rows)
            self.errors_at_best |= dict(zip(numbers, found, strict=True))
            self.best_waiting[:] = 0

    def best_errors(self, rows: np.ndarray) -> list[np.ndarray | None]:
        """Like `last_errors`, but after the best epoch; None for members without a best epoch yet."""
        self.pack.cross_fit.search()
        numbers = self.pack.member_numbers[rows].tolist()
        unmeasured = rows[[number in self.parameters_at_best for number in numbers]]
        if unmeasured.size:
            self._measure_best(unmeasured)
        return [self.errors_at_best.get(number) for number in numbers]

    def _measure_best(self, rows: np.ndarray) -> None:
        numbers = self.pack.member_numbers[rows].tolist()
        parameters = [self.parameters_at_best.pop(number) for number in numbers]
        self.errors_at_best |= dict(zip(numbers, self.errors_with(parameters, rows), strict=True))

    def last_errors(self, rows: np.ndarray) -> np.ndarray:
        """The errors (k, 2, n) of the sampled examples after the last epoch, for these rows (k,).

        In float32, training examples first; the shorter side is padded with NaN.
        """
        if not self.is_measured:
            return self._errors_of(self._networks_of(rows), rows)
        if self.measured_together is None:
            self.measured_together = self.errors_among(self.last_sides(), np.arange(len(self.pack.members)))
        return self.measured_together[rows] if len(rows) < len(self.measured_together) else self.measured_together

    def errors_with(self, parameters: Sequence[np.ndarray], rows: np.ndarray) -> np.ndarray:
        """Like `last_errors`, but with these parameters."""
        networks = self.pack.networks.subset(rows, [self.pack.members[row] for row in rows])
        networks.parameters[:] = parameters
        return self._errors_of(networks, rows)

    def statistics(self, rows: np.ndarray) -> list[list[LayerStatistics]]:
        """The layer statistics of the networks in these rows (k,) after the last epoch."""
        tables, chosen = self.pack.repeats.training, self.sample.chosen[TRAINING_SIDE]
        repeat_rows = self.pack.repeats.rows[rows]
        networks, loss = self._networks_of(rows), self.pack.shape.loss
        return layer_statistics(networks, tables, chosen, repeat_rows, self.rms_start[rows], loss)

    @np.errstate(all="ignore")
    def _errors_of(self, networks: Networks, rows: np.ndarray) -> np.ndarray:
        repeat_rows = self.pack.repeats.rows[rows]
        measurers = self.pack.on_training, self.pack.on_validation
        if networks is not self.pack.networks:
            # A Measurer can only measure the networks that it measured first, because its buffers are bound to them.
            repeats, shape = self.pack.repeats, self.pack.shape
            measurers = repeats.measurer(TRAINING_SIDE, shape), repeats.measurer(VALIDATION_SIDE, shape)
        sides = zip(measurers, self.sample.chosen, strict=True)
        return side_by_side([each.measure(networks, repeat_rows, chosen).errors for each, chosen in sides])

    def _networks_of(self, rows: np.ndarray) -> Networks:
        if len(rows) == len(self.pack.members):
            return self.pack.networks
        return self.pack.networks.subset(rows, [self.pack.members[row] for row in rows])


class Sample:
    """The sampled examples of a pack's repeats."""

    def __init__(self, repeats: Repeats, shape: PackShape):
        self.repeats = repeats
        self.wanted = sample_size(shape.measured_examples)

    @cached_property
    def chosen(self) -> list[np.ndarray]:
        """The sampled rows (R, n) of each side."""
        return [self.repeats.choose_sample(self.wanted, side) for side in (TRAINING_SIDE, VALIDATION_SIDE)]

    def errors_among(self, errors: np.ndarray, side: int, rows: np.ndarray | None = None) -> np.ndarray:
        """The errors (k, n) of the sampled examples for these rows (k,) of the pack, or all of them.

        They are extracted from the errors (k, N) of all examples. Errors (k, n) of the sample are returned unchanged.
        """
        chosen = self.chosen[side]
        if errors.shape[1] == chosen.shape[1]:
            return errors
        repeat_rows = self.repeats.rows if rows is None else self.repeats.rows[rows]
        # Flat indices are several times faster than pairs. All are in range, so nothing is clipped.
        starts = np.arange(len(errors))[:, None] * errors.shape[1]
        return np.take(errors, chosen[repeat_rows] + starts, mode="clip")


def sample_size(measured_examples: int | None) -> int:
    """The number of examples to sample: at most as many as are measured in an epoch."""
    return min(SAMPLE_SIZE, measured_examples or SAMPLE_SIZE)


@np.errstate(over="ignore")
def side_by_side(sides: Sequence[np.ndarray]) -> np.ndarray:
    """The errors of both sides as (K, 2, n) in float32, the shorter side padded with NaN."""
    together = np.full((len(sides[0]), 2, max(each.shape[1] for each in sides)), np.nan, np.float32)
    for side, errors in enumerate(sides):
        together[:, side, : errors.shape[1]] = errors
    return together
