"""Cross-fitting of the best epoch: errors at the best epoch, measured on examples that were not used to choose it.

The lowest E_v of a trial underestimates the error at its best epoch, because the same examples are used to choose the
epoch and to measure the error. So the validation examples of each repeat are divided into two halves, the same for all
trials. The error at the best epoch of one half is measured on the other half, which gives one error per example.

A member's results are bit-for-bit the same whichever members share its pack.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import isfinite, nan
from typing import Protocol

import numpy as np
from fitgap.core.evaluation import Measurement
from fitgap.core.repeats import VALIDATION_SIDE, Repeats

# Stands for the lowest error of members whose earlier epochs are unknown, so that no later epoch counts as better.
UNKNOWN = -np.inf
# Waiting epochs are searched for new best ones once there are this many of them, or this many bytes.
MOST_WAITING, MOST_BYTES = 16, 1 << 20
# Up to this many examples, the weights are copied for every member, which is faster but takes more memory.
MOST_COPIED = 4096


@dataclass(frozen=True)
class HonestErrors:
    """Errors of a member at the best epochs of the two halves; NaN if unknown.

    `e_t` is the mean over both epochs; for `e_v`, each epoch is measured on the half that was not used to choose it.
    `sample` (2, n), float32, holds the errors of the sampled training and validation examples, padded with NaN.
    """

    e_t: float
    e_v: float
    sample: np.ndarray | None


@dataclass(frozen=True)
class NotedEpoch:
    """An epoch after which all examples were measured: E_t (K,), the errors (K, N) of the validation examples, and the
    result of `Samples.last_sides`.
    """

    e_t: np.ndarray
    errors: np.ndarray
    sides: Sequence[np.ndarray]


class Samples(Protocol):
    """Errors of the sampled examples, for the pack's rows (k,); see `fitgap.core.fit_evidence`."""

    @property
    def is_measured(self) -> bool: ...
    @property
    def chosen(self) -> list[np.ndarray]: ...
    def last_sides(self) -> Sequence[np.ndarray]: ...
    def errors_among(self, sides: Sequence[np.ndarray], rows: np.ndarray) -> np.ndarray: ...
    def take_best(self, sides: Sequence[np.ndarray]) -> None: ...
    def errors_with(self, parameters: Sequence[np.ndarray], rows: np.ndarray) -> np.ndarray: ...


class CrossFit:
    """The best epochs of a pack's members, one for each half of the validation examples.

    Arrays (members, 2) are indexed by member number and half. `lowest` is the lowest mean error on the half. The others
    belong to the epoch with that error: `counts` and `means` of the errors on the other half, and E_t (`e_t`).
    """

    def __init__(self, member_count: int, *, is_new: bool):
        self.lowest = np.full((member_count, 2), np.inf if is_new else UNKNOWN)
        self.counts, self.means, self.e_t = np.full((3, member_count, 2), np.nan)
        # The sampled errors (members, 2, 2, n) after these epochs, or the parameters to compute them with.
        self.samples: np.ndarray | None = None
        self.parameters: dict[tuple[int, int], np.ndarray] = {}
        # Epochs are searched several at a time: with small networks, a search takes longer than a step of training.
        self.waiting: list[NotedEpoch] = []

    def rebind_views(self, members: np.ndarray, repeats: Repeats, samples: Samples) -> None:
        """Refer to the pack's current members, given by their numbers (K,), and to their examples."""
        self.members, self.halves, self.sampled = members, Halves(repeats), samples

    def note(self, e_t: np.ndarray, on_validation: Measurement, parameters: np.ndarray) -> None:
        """Record an epoch: E_t (K,), the errors on the validation examples, and the parameters (K, P)."""
        if self.sampled.is_measured:
            noted = NotedEpoch(e_t, on_validation.errors, self.sampled.last_sides())
            self.waiting.append(noted)
            if len(self.waiting) >= MOST_WAITING or len(self.waiting) * size_of(noted) >= MOST_BYTES:
                self.search()
            return
        _, rows, halves = self._improve(e_t[np.newaxis], on_validation.errors[np.newaxis], on_validation.chosen)
        # Measured on demand, because a better epoch may follow.
        keys = zip(self.members[rows].tolist(), halves.tolist(), strict=True)
        self.parameters.update(zip(keys, parameters[rows], strict=True))

    @np.errstate(all="ignore")
    def search(self) -> None:
        """Search the epochs recorded since the last search for new best epochs."""
        if not self.waiting:
            return
        waiting, self.waiting = self.waiting, []
        e_t, errors = np.stack([each.e_t for each in waiting]), np.stack([each.errors for each in waiting])
        epochs, rows, halves = self._improve(e_t, errors, None)
        sides = [np.stack(each) for each in zip(*(each.sides for each in waiting), strict=True)]
        self.sampled.take_best(sides)
        if rows.size:
            found = self.sampled.errors_among([side[epochs, rows] for side in sides], rows)
            self._samples_like(found[0])[self.members[rows], halves] = found

    def _improve(
        self, e_t: np.ndarray, errors: np.ndarray, chosen: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Record the best of several epochs, from E_t (E, K) and the errors (E, K, N) of all or of the chosen examples.

        Among equal epochs, the first counts. Returns the epochs, rows and halves, each (k,), that have a new lowest
        error.
        """
        weights, counts = self.halves.weights_of(chosen)
        means = self.halves.sums(errors, weights) / counts
        is_finite = np.isfinite(e_t + means[..., 0] + means[..., 1])
        known = np.where(is_finite[..., np.newaxis], means, np.inf)
        best = known.argmin(axis=0)
        rows, halves = np.nonzero(known.min(axis=0) < self.lowest[self.members])
        numbers, others, epochs = self.members[rows], 1 - halves, best[rows, halves]
        self.lowest[numbers, halves] = means[epochs, rows, halves]
        self.counts[numbers, halves] = counts[rows, others]
        self.means[numbers, halves] = means[epochs, rows, others]
        self.e_t[numbers, halves] = e_t[epochs, rows]
        return epochs, rows, halves

    def state_of(self, member: int, row: int) -> tuple[np.ndarray, np.ndarray] | None:
        """The numbers (4, 2) and sampled errors (2, 2, n) of the member in this row of the pack; None if unknown."""
        if not self._is_known(member):
            return None
        return np.stack([each[member] for each in self._numbers()]), self._sample_of(member, row).copy()

    def _is_known(self, member: int) -> bool:
        """Whether both halves of a member have a best epoch."""
        self.search()
        first, second = self.lowest[member].tolist()
        return isfinite(first) and isfinite(second)

    def _sample_of(self, member: int, row: int) -> np.ndarray:
        """The sampled errors (2, 2, n) of the member in this row of the pack."""
        for half in (0, 1):
            if (member, half) in self.parameters:
                found = self.sampled.errors_with([self.parameters.pop((member, half))], np.array([row]))[0]
                self._samples_like(found)[member, half] = found
        return self._samples_like(np.empty((2, 0)))[member]

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
        """The honest errors of the member in this row of the pack."""
        if not self._is_known(member):
            return HonestErrors(nan, nan, None)
        counts, e_t = self.counts[member], self.e_t[member]
        e_v = float((counts * self.means[member]).sum() / counts.sum())
        return HonestErrors(float(e_t.mean()), e_v, self._joined(self._sample_of(member, row), row))

    def _joined(self, samples: np.ndarray, row: int) -> np.ndarray:
        """One error per sampled example, (2, n): for training examples, the mean over both best epochs; for validation
        examples, the error after the best epoch of the half to which the example does not belong.
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
        """Weights (R, 2, N), 1 for the measured examples in each half and 0 for the others; and their counts (K, 2).

        The measured examples are `chosen` (R, N), or all examples if it is None.
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
        """The sums (E, K, 2) over each half of the members' values (E, K, N) in several epochs.

        Computed row by row, so that the bits depend neither on the other members nor on the other epochs.
        """
        rows = self.repeats.rows
        if values.shape[-1] <= MOST_COPIED:
            return np.vecdot(values[..., np.newaxis, :], weights[rows])
        sums = [np.vecdot(values[:, number, np.newaxis], weights[row]) for number, row in enumerate(rows.tolist())]
        return np.stack(sums, axis=1)


def size_of(noted: NotedEpoch) -> int:
    """The memory that a recorded epoch takes, in bytes."""
    return noted.errors.nbytes + sum(side.nbytes for side in noted.sides)
