"""Evidence of how networks fit: errors of a fixed sample of examples after their best and last epochs, and statistics.

A member's evidence is, like everything else, bit for bit the same whoever shares its pack.
"""

import weakref
from collections.abc import Sequence
from functools import cached_property
from typing import Protocol

import numpy as np
from fitgap.core.evaluation import Measurer
from fitgap.core.layer_statistics import LayerStatistics, layer_statistics, root_mean_squares
from fitgap.core.members import Member, PackShape
from fitgap.core.network import Networks
from fitgap.core.repeats import TRAINING_SIDE, VALIDATION_SIDE, Repeats

# Of either side: with the errors after two epochs, in float32, no more than 4 KB for each trial.
SAMPLE_SIZE = 250


class InTraining(Protocol):
    """A pack of members in training; see `fitgap.core.training`."""

    shape: PackShape
    repeats: Repeats
    networks: Networks
    members: list[Member]
    member_numbers: np.ndarray
    on_training: Measurer
    on_validation: Measurer


class Evidence:
    """The evidence on the members of a pack. They are named by their rows, which change when others leave."""

    def __init__(self, pack: InTraining):
        # The pack has this, so this may not keep the pack: memory that refers to itself is freed much later.
        self.pack: InTraining = weakref.proxy(pack)
        self.rms_start = root_mean_squares(pack.networks)
        # By the numbers of members: errors after their best epoch, or the parameters to measure them with.
        self.errors_at_best: dict[int, np.ndarray] = {}
        self.parameters_at_best: dict[int, np.ndarray] = {}

    def rebind_views(self) -> None:
        """Take the examples of the members that the pack has now."""
        self.sample = Sample(self.pack.repeats, self.pack.shape)
        # Errors after the last epoch, of the sides that were measured whole.
        self.measured: dict[int, np.ndarray] = {}

    def compact(self, rows: np.ndarray) -> None:
        """Go on with these rows alone."""
        self.rms_start = self.rms_start[rows]

    def note(self, errors: np.ndarray, side: int) -> None:
        """Take in the errors (K, N) of all examples of a side after an epoch."""
        self.measured[side] = self.sample.errors_among(errors, side)

    def remember_best(self, rows: np.ndarray) -> None:
        """The last epoch was the best so far for these rows."""
        numbers = self.pack.member_numbers[rows].tolist()
        if len(self.measured) == 2:
            self.errors_at_best |= dict(zip(numbers, self.last_errors(rows), strict=True))
        else:
            # Measured only when they are asked for: there may be a better epoch yet.
            self.parameters_at_best |= dict(zip(numbers, self.pack.networks.parameters[rows], strict=True))

    def best_errors(self, rows: np.ndarray) -> list[np.ndarray | None]:
        """As `last_errors`, but after the best epoch; None for members that have had none yet."""
        numbers = self.pack.member_numbers[rows].tolist()
        unmeasured = rows[[number in self.parameters_at_best for number in numbers]]
        if unmeasured.size:
            self._measure_best(unmeasured)
        return [self.errors_at_best.get(number) for number in numbers]

    def _measure_best(self, rows: np.ndarray) -> None:
        numbers = self.pack.member_numbers[rows].tolist()
        networks = self.pack.networks.subset(rows, [self.pack.members[row] for row in rows])
        networks.parameters[:] = [self.parameters_at_best.pop(number) for number in numbers]
        self.errors_at_best |= dict(zip(numbers, self._errors_of(networks, rows), strict=True))

    def last_errors(self, rows: np.ndarray) -> np.ndarray:
        """The errors after the last epoch of the sampled examples, for these rows (k,).

        As (k, 2, n) in float32, of training and validation examples; NaN fills up the shorter side.
        """
        if len(self.measured) == 2:
            return side_by_side([self.measured[side][rows] for side in (TRAINING_SIDE, VALIDATION_SIDE)])
        return self._errors_of(self._networks_of(rows), rows)

    def statistics(self, rows: np.ndarray) -> list[list[LayerStatistics]]:
        """The layers of the networks in these rows (k,) after the last epoch."""
        tables, chosen = self.pack.repeats.training, self.sample.chosen[TRAINING_SIDE]
        repeat_rows = self.pack.repeats.rows[rows]
        return layer_statistics(self._networks_of(rows), tables, chosen, repeat_rows, self.rms_start[rows])

    @np.errstate(all="ignore")
    def _errors_of(self, networks: Networks, rows: np.ndarray) -> np.ndarray:
        repeat_rows = self.pack.repeats.rows[rows]
        measurers = self.pack.on_training, self.pack.on_validation
        sides = zip(measurers, self.sample.chosen, strict=True)
        return side_by_side([each.measure(networks, repeat_rows, chosen).errors for each, chosen in sides])

    def _networks_of(self, rows: np.ndarray) -> Networks:
        if len(rows) == len(self.pack.members):
            return self.pack.networks
        return self.pack.networks.subset(rows, [self.pack.members[row] for row in rows])


class Sample:
    """The fixed examples of the repeats of a pack; never more of them than are measured in an epoch."""

    def __init__(self, repeats: Repeats, shape: PackShape):
        self.repeats = repeats
        self.wanted = min(SAMPLE_SIZE, shape.measured_examples or SAMPLE_SIZE)

    @cached_property
    def chosen(self) -> list[np.ndarray]:
        """The examples (R, n) of either side."""
        return [self.repeats.choose_sample(self.wanted, side) for side in (TRAINING_SIDE, VALIDATION_SIDE)]

    def errors_among(self, errors: np.ndarray, side: int) -> np.ndarray:
        """Those of the sample (K, n) among the errors (K, N) of all examples."""
        # Rows of numbers into the array laid flat: several times as fast as pairs of numbers. Clipping never happens.
        starts = np.arange(len(errors))[:, None] * errors.shape[1]
        return np.take(errors, self.chosen[side][self.repeats.rows] + starts, mode="clip")


@np.errstate(over="ignore")
def side_by_side(sides: Sequence[np.ndarray]) -> np.ndarray:
    """The errors of both sides as (K, 2, n) in float32, the shorter side filled up with NaN."""
    together = np.full((len(sides[0]), 2, max(each.shape[1] for each in sides)), np.nan, np.float32)
    for side, errors in enumerate(sides):
        together[:, side, : errors.shape[1]] = errors
    return together
