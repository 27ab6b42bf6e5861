"""The prepared examples of every repeat: made once, and kept from pack to pack."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from fitgap.core.data import Dataset
from fitgap.core.preprocessing import Examples, Preparation, prepare_examples
from fitgap.core.target_coding import Reading
from fitgap.runner.messages import PackTask

# Beyond so many bytes only what the present pack needs is kept.
MOST_BYTES = 256 << 20


@dataclass(frozen=True)
class RepeatKey:
    """Everything that the prepared examples of a data set depend on."""

    preparation: Preparation
    reading: Reading
    seed: int
    repeat: int
    dtype: str

    def prepare(self, dataset: Dataset) -> Examples:
        return prepare_examples(
            dataset, self.preparation, self.reading, seed=self.seed, repeat=self.repeat, dtype=self.dtype
        )


def repeats_of(task: PackTask) -> dict[int, RepeatKey]:
    """What each repeat in a pack depends on, by its number, in the order of these."""
    keys = sorted({(member.seed, member.repeat) for member in task.members})
    return {
        repeat: RepeatKey(task.preparation, task.shape.reading, seed, repeat, task.shape.dtype) for seed, repeat in keys
    }


class ExampleSource(Protocol):
    """Where whoever trains a pack takes its examples from."""

    def of_task(self, task: PackTask) -> Mapping[int, Examples]:
        """The examples of every repeat in a pack, by its number."""


class Sized(Protocol):
    """Something that takes up memory."""

    @property
    def byte_count(self) -> int: ...


Kept = TypeVar("Kept", bound=Sized)


class KeptRepeats(Generic[Kept]):
    """What `make` gives for the repeats that were asked for last; of each only one."""

    def __init__(
        self,
        make: Callable[[RepeatKey], Kept],
        let_go: Callable[[Kept], None] = lambda kept: None,
        most_bytes: int = MOST_BYTES,
    ):
        self.make, self.let_go, self.most_bytes = make, let_go, most_bytes
        self.kept: dict[RepeatKey, Kept] = {}

    def of_task(self, task: PackTask) -> dict[int, Kept]:
        """That of every repeat in a pack, by its number."""
        found = {repeat: self._of(key) for repeat, key in repeats_of(task).items()}
        self._forget(len(found))
        return found

    def _of(self, key: RepeatKey) -> Kept:
        # Taken out and put in again, the last ones asked for come last.
        kept = self.kept.pop(key) if key in self.kept else self.make(key)
        self.kept[key] = kept
        return kept

    def _forget(self, needed: int) -> None:
        """Let go of those that nobody has asked for for longest, until the others have room."""
        total = sum(kept.byte_count for kept in self.kept.values())
        for key in list(self.kept)[: len(self.kept) - needed]:
            if total <= self.most_bytes:
                return
            kept = self.kept.pop(key)
            total -= kept.byte_count
            self.let_go(kept)

    def clear(self) -> None:
        """Let go of all."""
        for kept in self.kept.values():
            self.let_go(kept)
        self.kept = {}


class PreparedRepeats(KeptRepeats[Examples]):
    """The examples of a data set, for whoever trains in this process alone."""

    def __init__(self, dataset: Dataset, most_bytes: int = MOST_BYTES):
        super().__init__(lambda key: key.prepare(dataset), most_bytes=most_bytes)
