"""The repeats of a pack: the examples its members train on, their order, and the examples they are measured on."""

from collections.abc import Mapping, Sequence

import numpy as np
from fitgap.core.batches import Tables
from fitgap.core.evaluation import Measurer
from fitgap.core.members import Member, PackShape
from fitgap.core.preprocessing import Examples
from fitgap.core.randomness import Purpose, generator

TRAINING_SIDE, VALIDATION_SIDE = 0, 1


class Repeats:
    """The repeats of a pack's members; `rows` (K,) holds the index of each member's repeat.

    `training` and `validation` are the prepared tables of the repeats, not copies. Raises ValueError if the repeats
    differ in their number of examples.
    """

    def __init__(self, members: Sequence[Member], examples: Mapping[int, Examples]):
        self.keys = sorted({(member.seed, member.repeat) for member in members})
        self.rows = np.array([self.keys.index((member.seed, member.repeat)) for member in members], int)
        chosen = [examples[repeat] for _, repeat in self.keys]
        self.weights = (
            weights_of([each.training_weights for each in chosen]),
            weights_of([each.validation_weights for each in chosen]),
        )
        # For each repeat, the units (m,) of the scaled targets.
        self.target_lengths = [each.targets_scaling.lengths for each in chosen]
        self.training: Tables = (
            checked_equal_shapes([each.training_inputs for each in chosen]),
            checked_equal_shapes([each.training_targets for each in chosen]),
        )
        self.validation: Tables = (
            checked_equal_shapes([each.validation_inputs for each in chosen]),
            checked_equal_shapes([each.validation_targets for each in chosen]),
        )

    def draw_order(self, epoch: int) -> np.ndarray:
        """The rows (R, N) of each repeat's training examples, in the order of this epoch."""
        example_count = len(self.training[0][0])
        sources = [generator(*key, Purpose.BATCHES, epoch) for key in self.keys]
        return np.stack([source.permutation(example_count) for source in sources])

    def measurer(self, side: int, shape: PackShape) -> Measurer:
        """The measurer on the examples of one side."""
        return Measurer(*(self.training, self.validation)[side], shape, self.weights[side])

    @property
    def has_weights(self) -> bool:
        """Whether the training examples have weights."""
        return self.weights[TRAINING_SIDE] is not None

    def weights_in(self, order: np.ndarray) -> np.ndarray | None:
        """The weights (R, n) of the training examples in these rows (R, n) of each repeat; None if there are none."""
        weights = self.weights[TRAINING_SIDE]
        return None if weights is None else np.stack(list(map(np.take, weights, order)))

    def choose_measured(self, wanted: int | None, epoch: int, side: int) -> np.ndarray | None:
        """The rows (R, M) of each repeat's examples to measure on in this epoch; None for all."""
        available = len((self.training, self.validation)[side][0][0])
        if wanted is None or wanted >= available:
            return None
        sources = [generator(*key, Purpose.MEASURING, epoch, side) for key in self.keys]
        return np.stack([np.sort(source.permutation(available)[:wanted]) for source in sources])

    def choose_sample(self, wanted: int, side: int) -> np.ndarray:
        """The rows (R, n) of a sample of each repeat's examples, the same for every network and epoch.

        `n` is `wanted`, or all examples if there are fewer.
        """
        available = len((self.training, self.validation)[side][0][0])
        if wanted >= available:
            return np.broadcast_to(np.arange(available), (len(self.keys), available))
        return np.stack([sample_of(*key, side, available, wanted) for key in self.keys])

    def divide_validation(self) -> np.ndarray:
        """Which validation examples of each repeat are in the second of two halves, (R, N). The first half is smaller
        by one if their number is odd.
        """
        available = len(self.validation[0][0])
        sources = [generator(*key, Purpose.HALVES) for key in self.keys]
        return np.stack([source.permutation(available) >= available // 2 for source in sources])


def sample_of(seed: int, repeat: int, side: int, available: int, wanted: int) -> np.ndarray:
    """The rows (n,) of a sample of a repeat's examples: `wanted` of those available, or all if there are fewer."""
    if wanted >= available:
        return np.arange(available)
    return np.sort(generator(seed, repeat, Purpose.SAMPLE, side).choice(available, wanted, replace=False))


def weights_of(weights: Sequence[np.ndarray | None]) -> list[np.ndarray] | None:
    """The weights of all repeats; None if their examples have none."""
    return [each for each in weights if each is not None] or None


def checked_equal_shapes(tables: Sequence[np.ndarray]) -> Sequence[np.ndarray]:
    """The tables; ValueError if their shapes differ."""
    if len({table.shape for table in tables}) > 1:
        counts = [len(table) for table in tables]
        raise ValueError(f"all repeats of a pack must have the same number of examples, but have {counts}")
    return tables
