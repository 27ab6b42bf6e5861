"""A Ray cluster as `--address` names it: what is asked of it, and what it consisted of when it was looked at."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class ClusterSettings:
    """What is asked of a cluster: its address, the cores a pack takes, how many packs it may have at the same time.

    With `are_versions_mixed`, nodes may have another Python or NumPy than the driver.
    """

    address: str
    cores_per_pack: int = 1
    most_in_flight: int | None = None
    are_versions_mixed: bool = False


@dataclass(frozen=True)
class NodeFacts:
    """What a node of a cluster told of itself: its cores, memory and second-level cache, and what computes there."""

    node_id: str
    name: str
    cores: int
    memory_bytes: int
    cache_bytes: int
    python: str
    numpy: str
    blas: str

    def misfit(self, here: "Versions") -> str | None:
        """Why numbers from this node may not be those from here; None where they are."""
        for what, there, own in (("Python", self.python, here.python), ("NumPy", self.numpy, here.numpy)):
            if there != own:
                return f"node {self.name} has {what} {there}, this process {own}"
        return None


@dataclass(frozen=True)
class Versions:
    """What decides the bits of a result apart from the processor."""

    python: str
    numpy: str


@dataclass(frozen=True)
class Cluster:
    """A cluster that was there when it was looked at. `address` is where it is in truth, HOST:PORT."""

    settings: ClusterSettings
    address: str
    nodes: tuple[NodeFacts, ...]

    @property
    def workers(self) -> int:
        """How many packs can train at the same time."""
        return self.workers_of(self.nodes)

    def workers_of(self, nodes: Iterable[NodeFacts]) -> int:
        """How many packs these nodes can train at the same time."""
        return sum(node.cores // self.settings.cores_per_pack for node in nodes)

    @property
    def cache_bytes(self) -> int | None:
        """The smallest second-level cache of a core; None where no node tells it."""
        return min((node.cache_bytes for node in self.nodes if node.cache_bytes), default=None)

    @property
    def memory_bytes(self) -> int:
        """The memory of the smallest node."""
        return min(node.memory_bytes for node in self.nodes)

    def described(self) -> str:
        """What its nodes compute with, such as `3 nodes: Python 3.12.1, NumPy 2.4.6, openblas 0.3.31 SkylakeX`."""
        kinds = Counter(
            f"Python {node.python}, NumPy {node.numpy}, {node.blas or 'BLAS unknown'}" for node in self.nodes
        )
        return "; ".join(f"{count} node{'s' if count > 1 else ''}: {kind}" for kind, count in sorted(kinds.items()))
