"""The prepared examples of each repeat: made once and cached from pack to pack."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from fitgap.core.datasets import Dataset
from fitgap.core.preprocessing import Examples, Preparation, prepare_examples
from fitgap.core.target_coding import OutputReading
from fitgap.runner.messages import PackTask

# Maximum size of the cache; examples that the current pack needs are kept even beyond it.
MOST_BYTES = 256 << 20


@dataclass(frozen=True)
class RepeatKey:
    """Everything that the prepared examples of a data set depend on."""

    preparation: Preparation
    reading: OutputReading
    seed: int
    repeat: int
    dtype: str

    def prepare(self, dataset: Dataset) -> Examples:
        return prepare_examples(
            dataset, self.preparation, self.reading, seed=self.seed, repeat=self.repeat, dtype=self.dtype
        )


def repeats_of(task: PackTask) -> dict[int, RepeatKey]:
    """The keys of the repeats in a pack, by number and in ascending order."""
    keys = sorted({(member.seed, member.repeat) for member in task.members})
    return {
        repeat: RepeatKey(task.preparation, task.shape.reading, seed, repeat, task.shape.dtype) for seed, repeat in keys
    }


class ExampleSource(Protocol):
    """A source of examples for training packs."""

    def of_task(self, task: PackTask) -> Mapping[int, Examples]:
        """The examples of each repeat in a pack, by the number of the repeat."""


class Sized(Protocol):
    """An object with a size in memory."""

    @property
    def byte_count(self) -> int: ...


Kept = TypeVar("Kept", bound=Sized)


class KeptRepeats(Generic[Kept]):
    """A least-recently-used cache of what `make` returns for repeats, bounded by size."""

    def __init__(
        self,
        make: Callable[[RepeatKey], Kept],
        release: Callable[[Kept], None] = lambda kept: None,
        most_bytes: int = MOST_BYTES,
    ):
        self.make, self.release, self.most_bytes = make, release, most_bytes
        self.kept: dict[RepeatKey, Kept] = {}

    def of_task(self, task: PackTask) -> dict[int, Kept]:
        """The cached object of each repeat in a pack, by the number of the repeat."""
        found = {repeat: self._of(key) for repeat, key in repeats_of(task).items()}
        self._forget(len(found))
        return found

    def _of(self, key: RepeatKey) -> Kept:
        # Remove and insert again, so that the most recently used come last.
        kept = self.kept.pop(key) if key in self.kept else self.make(key)
        self.kept[key] = kept
        return kept

    def _forget(self, needed: int) -> None:
        """Release the least recently used objects until the cache is within its limit, but not the last `needed`."""
        total = sum(kept.byte_count for kept in self.kept.values())
        for key in list(self.kept)[: len(self.kept) - needed]:
            if total <= self.most_bytes:
                return
            kept = self.kept.pop(key)
            total -= kept.byte_count
            self.release(kept)

    def clear(self) -> None:
        """Release everything."""
        for kept in self.kept.values():
            self.release(kept)
        self.kept = {}


class PreparedRepeats(KeptRepeats[Examples]):
    """The examples of a data set, for training in this process only."""

    def __init__(self, dataset: Dataset, most_bytes: int = MOST_BYTES):
        super().__init__(lambda key: key.prepare(dataset), most_bytes=most_bytes)
