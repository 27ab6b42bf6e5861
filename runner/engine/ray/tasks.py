"""What Ray's workers run."""

from collections.abc import Iterator, Sequence

from core.preprocessing import Examples
from runner.engine.prepared import repeats_of
from runner.engine.ray.notices import Asked
from runner.engine.worker import train_pack
from runner.messages import Block, PackTask


def train_pack_remotely(task: PackTask, asked: Asked, *examples: Examples) -> Iterator[Block]:
    """Train a pack until its end, or until it is asked to leave."""
    yield from train_pack(task, ReceivedExamples(examples), asked)


class ReceivedExamples:
    """The examples of a pack's repeats, in the order of their numbers, as Ray hands them to a worker."""

    def __init__(self, examples: Sequence[Examples]):
        self.examples = examples

    def of_task(self, task: PackTask) -> dict[int, Examples]:
        return dict(zip(repeats_of(task), self.examples, strict=True))
