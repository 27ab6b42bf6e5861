"""The local engine: trains packs one after another in this process."""

from collections.abc import Iterator
from typing import Self

from fitgap.core.datasets import Dataset
from fitgap.runner.engine.worker.examples import PreparedRepeats
from fitgap.runner.engine.worker.pack_trainer import train_pack
from fitgap.runner.messages import Block, PackTask


class LocalEngine:
    """Trains every pack in this process, on one core."""

    cluster_status = None
    name = "local"
    workers = 1

    def __init__(self, dataset: Dataset):
        self.source = PreparedRepeats(dataset)
        self.is_stopping = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        pass

    def run(self, tasks: Iterator[PackTask]) -> Iterator[Block]:
        for task in tasks:
            yield from train_pack(task, self.source, lambda: self.is_stopping)

    def stop(self) -> None:
        self.is_stopping = True
