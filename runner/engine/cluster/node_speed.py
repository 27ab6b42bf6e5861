"""The training speed of each node of a cluster, to detect slow nodes."""

from collections import defaultdict
from dataclasses import dataclass
from statistics import median

from fitgap.core.network_shape import NetworkShape
from fitgap.runner.messages import Block, PackTask

# A node's pace on a network shape is trusted after LEAST_BLOCKS blocks, and compared among at least LEAST_NODES nodes.
LEAST_BLOCKS = 5
LEAST_NODES = 2
SLOW = 0.5


@dataclass
class Tally:
    """The work that a node has done on one network shape, and the seconds that it took, summed over packs."""

    work: float = 0.0
    seconds: float = 0.0
    blocks: int = 0

    @property
    def pace(self) -> float:
        return self.work / self.seconds


class NodeSpeeds:
    """Measures speeds from blocks, separately for each network shape: small networks have more call overhead."""

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
        """The nodes with less than half the median pace, with their pace as a share of it; empty if too few nodes can
        be compared.
        """
        parts: dict[str, list[float]] = defaultdict(list)
        for by_node in self.tallies.values():
            known = {node: tally.pace for node, tally in by_node.items() if tally.blocks >= LEAST_BLOCKS}
            if len(known) >= LEAST_NODES:
                middle = median(known.values())
                for node, pace in known.items():
                    parts[node].append(pace / middle)
        return {node: median(each) for node, each in parts.items() if median(each) < SLOW}
