"""Cross-fitting of the best epoch: errors at the best epoch, measured on examples that did not choose it.

The lowest E_v of a trial is too low an estimate of what its best epoch attains, since the same examples choose the
epoch and measure it. So the validation examples of each repeat are divided into two halves, the same for all trials.
The best epoch of either half is measured on the other half. Together, the two halves have one error per example.

A member's results are bit-for-bit the same whichever members share its pack.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import nan
from typing import Protocol

import numpy as np
from fitgap.core.evaluation import Measurement
from fitgap.core.repeats import VALIDATION_SIDE, Repeats

# The lowest error of members whose earlier epochs are unknown: no later epoch is better.
UNKNOWN = -np.inf
# Up to this many examples, their weights are copied for every member, which is faster but takes more memory.
MOST_COPIED = 4096


@dataclass(frozen=True)
class HonestErrors:
    """Errors of a member at its best epochs, each measured on the half that did not choose it; NaN if unknown.

    `sample` (2, n), float32, holds the errors of the sampled training and validation examples, padded with NaN.
    """

    e_t: float
    e_v: float
    sample: np.ndarray | None


class Samples(Protocol):
    """Errors of the sampled examples, for the pack's rows (k,); see `fitgap.core.fit_evidence`."""

    @property
    def is_measured(self) -> bool: ...
    @property
    def chosen(self) -> list[np.ndarray]: ...
    def last_errors(self, rows: np.ndarray) -> np.ndarray: ...
    def errors_with(self, parameters: Sequence[np.ndarray], rows: np.ndarray) -> np.ndarray: ...


class CrossFit:
    """The best epochs of a pack's members by halves.

    By member number and half, each (members, 2): the lowest mean error on the half; and what was measured after that
    epoch, the count and mean of the errors on the other half and E_t.
    """

    def __init__(self, member_count: int, *, is_new: bool):
        self.lowest = np.full((member_count, 2), np.inf if is_new else UNKNOWN)
        self.counts, self.means, self.e_t = np.full((3, member_count, 2), np.nan)
        # The sampled errors (members, 2, 2, n) after these epochs, or the parameters to compute them with.
        self.samples: np.ndarray | None = None
        self.parameters: dict[tuple[int, int], np.ndarray] = {}

    def rebind_views(self, repeats: Repeats, samples: Samples) -> None:
        """Refer to the examples of the pack's current members."""
        self.halves, self.sampled = Halves(repeats), samples

    def note(self, members: np.ndarray, e_t: np.ndarray, on_validation: Measurement, parameters: np.ndarray) -> None:
        """Note an epoch of the members with these numbers (K,): its E_t (K,), errors and parameters (K, P)."""
        errors = on_validation.errors
        weights, counts = self.halves.weights_of(on_validation.chosen)
        means = self.halves.sums(errors, weights) / counts
        is_finite = np.isfinite(e_t + means[:, 0] + means[:, 1])
        rows, halves = np.nonzero((means < self.lowest[members]) & is_finite[:, np.newaxis])
        if not rows.size:
            return
        numbers, others = members[rows], 1 - halves
        self.lowest[numbers, halves] = means[rows, halves]
        self.counts[numbers, halves] = counts[rows, others]
        self.means[numbers, halves] = means[rows, others]
        self.e_t[numbers, halves] = e_t[rows]
        if self.sampled.is_measured:
            # All rows, since the same array is used for other purposes.
            errors_now = self.sampled.last_errors(np.arange(len(members)))
            self._samples_like(errors_now[0])[numbers, halves] = errors_now[rows]
        else:
            # Measured on demand, because a better epoch may follow.
            keys = zip(numbers.tolist(), halves.tolist(), strict=True)
            self.parameters.update(zip(keys, parameters[rows], strict=True))

    def state_of(self, member: int, row: int) -> tuple[np.ndarray, np.ndarray] | None:
        """The numbers (4, 2) and the sampled errors (2, 2, n) of a member in this row of the pack; None if unknown."""
        if not np.isfinite(self.lowest[member]).all():
            return None
        for half in (0, 1):
            if (member, half) in self.parameters:
                found = self.sampled.errors_with([self.parameters.pop((member, half))], np.array([row]))[0]
                self._samples_like(found)[member, half] = found
        return np.stack([each[member] for each in self._numbers()]), self._samples_like(np.empty((2, 0)))[member].copy()

    def restore(self, member: int, numbers: np.ndarray, samples: np.ndarray) -> None:
        """The inverse of `state_of`."""
        for mine, each in zip(self._numbers(), numbers, strict=True):
            mine[member] = each
        self._samples_like(samples[0])[member] = samples

    def _numbers(self) -> tuple[np.ndarray, ...]:
        return self.lowest, self.counts, self.means, self.e_t

    def _samples_like(self, sample: np.ndarray) -> np.ndarray:
        if self.samples is None:
            self.samples = np.full((len(self.lowest), 2, *sample.shape), np.nan, np.float32)
        return self.samples

    def result(self, member: int, row: int) -> HonestErrors:
        """The honest errors of a member in this row of the pack."""
        state = self.state_of(member, row)
        if state is None:
            return HonestErrors(nan, nan, None)
        _, counts, means, e_t = state[0]
        e_v = float((counts * means).sum() / counts.sum())
        return HonestErrors(float(e_t.mean()), e_v, self._joined(state[1], row))

    def _joined(self, samples: np.ndarray, row: int) -> np.ndarray:
        """One error per sampled example, (2, n): of training examples the mean over both epochs; of validation
        examples that after the epoch which the other half chose.
        """
        repeat = self.halves.repeats.rows[row]
        chosen = self.sampled.chosen[VALIDATION_SIDE][repeat]
        halves = self.halves.are_second[repeat][chosen].astype(int)
        joined = samples.mean(axis=0, dtype=np.float64).astype(np.float32)
        joined[VALIDATION_SIDE, : len(chosen)] = samples[1 - halves, VALIDATION_SIDE, np.arange(len(chosen))]
        return joined


class Halves:
    """The halves of the validation examples of a pack's repeats."""

    def __init__(self, repeats: Repeats):
        self.repeats = repeats

    @cached_property
    def are_second(self) -> np.ndarray:
        """Which validation examples of each repeat (R, N) are in the second half."""
        return self.repeats.divide_validation()

    def weights_of(self, chosen: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
        """1 for the measured examples in each half and 0 for the others, (R, 2, N), and each member's counts (K, 2).

        The measured examples are `chosen` (R, N), or all.
        """
        if chosen is None:
            return self._weights
        return self._with_counts(np.take_along_axis(self.are_second, chosen, axis=1))

    @cached_property
    def _weights(self) -> tuple[np.ndarray, np.ndarray]:
        return self._with_counts(self.are_second)

    def _with_counts(self, are_second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        weights = np.stack([~are_second, are_second], axis=1).astype(np.float64)
        return weights, weights.sum(axis=2)[self.repeats.rows]

    def sums(self, values: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """The sums (K, 2) over both halves of the members' values (K, N).

        Computed row by row, so that the bits do not depend on the other members.
        """
        rows = self.repeats.rows
        if values.shape[1] <= MOST_COPIED:
            return np.vecdot(values[:, np.newaxis], weights[rows])
        return np.stack([np.vecdot(own, weights[row]) for own, row in zip(values, rows.tolist(), strict=True)])
