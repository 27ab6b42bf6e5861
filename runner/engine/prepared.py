"""Prepared examples that a process keeps from pack to pack: those of a repeat are the same in each of them."""

from collections.abc import Hashable

from core.data import Dataset
from core.preprocessing import Examples, prepare_examples
from runner.messages import PackTask

# Beyond so many bytes only what the present pack needs is kept.
MOST_BYTES = 256 << 20


class PreparedRepeats:
    """The examples of the repeats that were trained last, of one data set."""

    def __init__(self, most_bytes: int = MOST_BYTES):
        self.most_bytes = most_bytes
        self.dataset: Dataset | None = None
        self.kept: dict[Hashable, Examples] = {}

    def of_task(self, task: PackTask, dataset: Dataset) -> dict[int, Examples]:
        """The examples of every repeat in a pack, by its number."""
        if self.dataset is None or not is_same_memory(self.dataset, dataset):
            # Held for as long as it is compared with, so that no other data set can lie in its place.
            self.dataset, self.kept = dataset, {}
        keys = {(member.seed, member.repeat) for member in task.members}
        found = {repeat: self._of_repeat(task, seed, repeat) for seed, repeat in sorted(keys)}
        self._forget(found)
        return found

    def _of_repeat(self, task: PackTask, seed: int, repeat: int) -> Examples:
        assert self.dataset is not None
        reading, dtype = task.shape.reading, task.shape.dtype
        key = (task.preparation, reading, seed, repeat, dtype)
        # Taken out and put in again, the last ones used come last.
        examples = self.kept.pop(key, None) or prepare_examples(
            self.dataset, task.preparation, reading, seed=seed, repeat=repeat, dtype=dtype
        )
        self.kept[key] = examples
        return examples

    def _forget(self, needed: dict[int, Examples]) -> None:
        """Let go of those that were not used for longest, until the others have room."""
        total = sum(map(byte_count, self.kept.values()))
        for key in list(self.kept)[: len(self.kept) - len(needed)]:
            if total <= self.most_bytes:
                return
            total -= byte_count(self.kept.pop(key))


def is_same_memory(one: Dataset, other: Dataset) -> bool:
    """Whether two data sets are one: Ray makes a new object for every task, around arrays that lie where they did."""
    if one is other:
        return True
    arrays = zip((one.inputs, one.targets), (other.inputs, other.targets), strict=True)
    same_kind = (one.target_kind, one.class_names) == (other.target_kind, other.class_names)
    return same_kind and all(mine.__array_interface__ == theirs.__array_interface__ for mine, theirs in arrays)


def byte_count(examples: Examples) -> int:
    return sum(
        table.nbytes
        for table in (
            examples.training_inputs,
            examples.training_targets,
            examples.validation_inputs,
            examples.validation_targets,
        )
    )
