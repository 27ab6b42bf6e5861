"""The repeats of a pack: whose examples its members train on, in which order, and which of them are measured."""

from collections.abc import Mapping, Sequence

import numpy as np
from fitgap.core.batches import Tables
from fitgap.core.members import Member
from fitgap.core.preprocessing import Examples
from fitgap.core.randomness import Purpose, generator

TRAINING_SIDE, VALIDATION_SIDE = 0, 1


class Repeats:
    """The repeats that members of a pack have; `rows` (K,) says for each of them which.

    Nothing is copied: `training` and `validation` are the tables of the repeats as they were prepared. Raises
    ValueError where the repeats differ in their numbers of examples.
    """

    def __init__(self, members: Sequence[Member], examples: Mapping[int, Examples]):
        self.keys = sorted({(member.seed, member.repeat) for member in members})
        self.rows = np.array([self.keys.index((member.seed, member.repeat)) for member in members], int)
        chosen = [examples[repeat] for _, repeat in self.keys]
        self.training: Tables = (
            tables_alike([each.training_inputs for each in chosen]),
            tables_alike([each.training_targets for each in chosen]),
        )
        self.validation: Tables = (
            tables_alike([each.validation_inputs for each in chosen]),
            tables_alike([each.validation_targets for each in chosen]),
        )

    def draw_order(self, epoch: int) -> np.ndarray:
        """For each repeat (R, N) the rows of its training examples in the order of this epoch."""
        example_count = len(self.training[0][0])
        sources = [generator(*key, Purpose.BATCHES, epoch) for key in self.keys]
        return np.stack([source.permutation(example_count) for source in sources])

    def choose_measured(self, wanted: int | None, epoch: int, side: int) -> np.ndarray | None:
        """The examples of each repeat to measure on in this epoch (R, M); None for all of them."""
        available = len((self.training, self.validation)[side][0][0])
        if wanted is None or wanted >= available:
            return None
        sources = [generator(*key, Purpose.MEASURING, epoch, side) for key in self.keys]
        return np.stack([np.sort(source.permutation(available)[:wanted]) for source in sources])

    def choose_sample(self, wanted: int, side: int) -> np.ndarray:
        """Some examples of each repeat (R, n), the same for every network in every epoch; all where there are fewer."""
        available = len((self.training, self.validation)[side][0][0])
        if wanted >= available:
            return np.broadcast_to(np.arange(available), (len(self.keys), available))
        sources = [generator(*key, Purpose.SAMPLE, side) for key in self.keys]
        return np.stack([np.sort(source.choice(available, wanted, replace=False)) for source in sources])


def tables_alike(tables: Sequence[np.ndarray]) -> Sequence[np.ndarray]:
    """The tables; ValueError where their numbers of rows differ."""
    if len({table.shape for table in tables}) > 1:
        counts = [len(table) for table in tables]
        raise ValueError(f"all repeats of a pack need equally many examples, but have {counts}")
    return tables
