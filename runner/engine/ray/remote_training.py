"""The Ray tasks that train packs on workers."""

import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache

from fitgap.core.preprocessing import Examples
from fitgap.runner.engine.cluster.description import Versions
from fitgap.runner.engine.cluster.probe import versions_here
from fitgap.runner.engine.ray.stop_signals import ShouldLeave
from fitgap.runner.engine.worker.examples import repeats_of
from fitgap.runner.engine.worker.pack_trainer import train_pack
from fitgap.runner.messages import Block, PackFailure, PackTask


@dataclass(frozen=True)
class Terms:
    """Conditions for training a pack: a check after every epoch, and required versions, if any."""

    should_leave: ShouldLeave
    versions: Versions | None = None


def train_pack_remotely(task: PackTask, terms: Terms, *examples: Examples) -> Iterator[Block]:
    """Train a pack to its end, or until `terms.should_leave` returns true. Blocks carry the id of their node."""
    if terms.versions and terms.versions != versions_here():
        # The node has just joined, and the driver has not probed it yet.
        reason = f"node {socket.gethostname()} has other versions, {versions_here()}"
        yield Block(None, (), failure=PackFailure(task, task.trials, reason, is_blameless=True), node=node())
        return
    for block in train_pack(task, ReceivedExamples(examples), terms.should_leave):
        yield replace(block, node=node())


@cache
def node() -> str:
    """The id of the node that this worker is on."""
    import ray

    return str(ray.get_runtime_context().get_node_id())


class ReceivedExamples:
    """The examples that Ray passes to a worker, in the order of the repeats' numbers."""

    def __init__(self, examples: Sequence[Examples]):
        self.examples = examples

    def of_task(self, task: PackTask) -> dict[int, Examples]:
        return dict(zip(repeats_of(task), self.examples, strict=True))
