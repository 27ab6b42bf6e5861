"""How fast the nodes of a cluster train, to name one that is slow."""

from collections import defaultdict
from dataclasses import dataclass
from statistics import median

from fitgap.runner.messages import Block, PackTask

# So many blocks of a node and a kind of network before its pace means something, on so many nodes at least.
LEAST_BLOCKS = 5
LEAST_NODES = 2
SLOW = 0.5


@dataclass
class Tally:
    """What a node has done of one kind of network: work, and for how many seconds of one pack each."""

    work: float = 0.0
    seconds: float = 0.0
    blocks: int = 0

    @property
    def pace(self) -> float:
        return self.work / self.seconds


class NodeSpeeds:
    """Watches blocks. Speeds are compared between networks of the same layers only: small ones spend more on calls."""

    def __init__(self) -> None:
        self.tallies: dict[tuple[int, ...], dict[str, Tally]] = defaultdict(lambda: defaultdict(Tally))

    def note(self, task: PackTask, block: Block, seconds: float) -> None:
        """Take in a block of a task that came so long after the one before it."""
        if block.node is None or block.trained is None or seconds <= 0:
            return
        tally = self.tallies[tuple(task.shape.layers)][block.node]
        tally.work += task.work_per_epoch * int(block.trained.count.sum())
        tally.seconds += seconds
        tally.blocks += 1

    def slow_nodes(self) -> dict[str, float]:
        """The nodes at less than half of the median pace, with their part of it, where there are enough to compare."""
        parts: dict[str, list[float]] = defaultdict(list)
        for by_node in self.tallies.values():
            known = {node: tally.pace for node, tally in by_node.items() if tally.blocks >= LEAST_BLOCKS}
            if len(known) >= LEAST_NODES:
                middle = median(known.values())
                for node, pace in known.items():
                    parts[node].append(pace / middle)
        return {node: median(each) for node, each in parts.items() if median(each) < SLOW}
