"""The training speed of each node of a cluster, to detect slow nodes."""

from collections import defaultdict
from dataclasses import dataclass
from statistics import median

from fitgap.core.network_shape import NetworkShape
from fitgap.runner.messages import Block, PackTask

# A pace is trusted after this many blocks per node and kind of network, and compared from this many nodes on.
LEAST_BLOCKS = 5
LEAST_NODES = 2
SLOW = 0.5


@dataclass
class Tally:
    """The work that a node has done on one kind of network, and the seconds, summed over packs, that it took."""

    work: float = 0.0
    seconds: float = 0.0
    blocks: int = 0

    @property
    def pace(self) -> float:
        return self.work / self.seconds


class NodeSpeeds:
    """Measures speeds from blocks, separately by layer sizes, since small networks spend more time on calls."""

    def __init__(self) -> None:
        self.tallies: dict[NetworkShape, dict[str, Tally]] = defaultdict(lambda: defaultdict(Tally))

    def add(self, task: PackTask, block: Block, seconds: float) -> None:
        """Add a block that arrived `seconds` after the previous one of its task."""
        if block.node is None or block.trained is None or seconds <= 0:
            return
        tally = self.tallies[task.shape.network][block.node]
        tally.work += task.work_per_epoch * int(block.trained.count.sum())
        tally.seconds += seconds
        tally.blocks += 1

    def slow_nodes(self) -> dict[str, float]:
        """The nodes at less than half of the median pace, as shares of it; empty if too few nodes can be compared."""
        parts: dict[str, list[float]] = defaultdict(list)
        for by_node in self.tallies.values():
            known = {node: tally.pace for node, tally in by_node.items() if tally.blocks >= LEAST_BLOCKS}
            if len(known) >= LEAST_NODES:
                middle = median(known.values())
                for node, pace in known.items():
                    parts[node].append(pace / middle)
        return {node: median(each) for node, each in parts.items() if median(each) < SLOW}
