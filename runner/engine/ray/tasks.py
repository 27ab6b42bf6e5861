"""What Ray's workers run."""

import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache

from fitgap.core.preprocessing import Examples
from fitgap.runner.engine.cluster.description import Versions
from fitgap.runner.engine.cluster.probe import versions_here
from fitgap.runner.engine.ray.stop_signals import Asked
from fitgap.runner.engine.worker.examples import repeats_of
from fitgap.runner.engine.worker.pack_trainer import train_pack
from fitgap.runner.messages import Block, PackFailure, PackTask


@dataclass(frozen=True)
class Terms:
    """How a pack is to be trained: what its worker asks after every epoch, and the versions it must have, if any."""

    asked: Asked
    versions: Versions | None = None


def train_pack_remotely(task: PackTask, terms: Terms, *examples: Examples) -> Iterator[Block]:
    """Train a pack until its end, or until it is asked to leave. Blocks say which node they come from."""
    if terms.versions and terms.versions != versions_here():
        # A node that has just joined, and that the driver has not looked at yet.
        reason = f"node {socket.gethostname()} has other versions, {versions_here()}"
        yield Block(None, (), failure=PackFailure(task, task.trials, reason, is_blameless=True), node=node())
        return
    for block in train_pack(task, ReceivedExamples(examples), terms.asked):
        yield replace(block, node=node())


@cache
def node() -> str:
    """The id of the node that this worker is on."""
    import ray

    return str(ray.get_runtime_context().get_node_id())


class ReceivedExamples:
    """The examples of a pack's repeats, in the order of their numbers, as Ray hands them to a worker."""

    def __init__(self, examples: Sequence[Examples]):
        self.examples = examples

    def of_task(self, task: PackTask) -> dict[int, Examples]:
        return dict(zip(repeats_of(task), self.examples, strict=True))
