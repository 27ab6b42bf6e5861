"""A stand-in for a pool of processes."""

from collections import deque

from fitgap.runner.engine.worker.examples import PreparedRepeats
from fitgap.runner.engine.worker.pack_trainer import train_pack


class PretendedProcesses:
    """Stands in for plain processes: ready after N checks; trains in this process, one block per poll."""

    def __init__(self, dataset, looks=0, dies_after=None):
        self.source, self.looks, self.dies_after = PreparedRepeats(dataset), looks, dies_after
        self.is_started = self.is_retiring = False
        self.workers, self.given, self.training = [], [], deque()

    def start(self, count):
        self.is_started, self.workers = True, ["process"] * count

    @property
    def is_ready(self):
        return bool(self.workers) and self.looks <= 0

    @property
    def running(self):
        return [task for task, _ in self.training]

    def receive_ready(self):
        self.looks -= self.is_started

    def submit(self, tasks):
        if not self.training and (task := next(tasks, None)) is not None:
            self.given.append(task)
            self.training.append((task, train_pack(task, self.source)))

    def poll(self, seconds):
        for task, blocks in list(self.training):
            if (block := next(blocks, None)) is not None:
                yield task, block
            else:
                self.training.popleft()
                if len(self.given) == self.dies_after:
                    self.workers = []

    def new_trouble(self):
        return None

    def take_back(self):
        return []

    def retire(self):
        self.is_retiring, self.workers = True, []

    def close(self):
        self.workers = []
