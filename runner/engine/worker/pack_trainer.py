"""The training of a pack into blocks of epochs, the same in every engine."""

from collections.abc import Callable, Iterator

from fitgap.core.checkpoints import MemberState
from fitgap.core.training import EpochResults, Pack
from fitgap.runner.engine.worker.block_builder import BlockBuilder
from fitgap.runner.engine.worker.examples import ExampleSource
from fitgap.runner.messages import Block, PackTask
from fitgap.runner.system.blas import one_blas_thread


def never() -> bool:
    """Never stop."""
    return False


def train_pack(task: PackTask, source: ExampleSource, should_stop: Callable[[], bool] = never) -> Iterator[Block]:
    """Train a pack to its end and yield its epochs in blocks, with its states about once a minute.

    If `should_stop` returns true after an epoch, the pack saves its states and stops early. Any error becomes a
    PackFailure in the last block, so that only this pack ends.
    """
    builder = BlockBuilder(task)
    failure = None
    try:
        with one_blas_thread():
            yield from train_epochs(task, source, builder, should_stop)
    except MemoryError as error:
        failure = builder.failure(
            f"out of memory: {str(error) or 'no more could be allocated'}; use a smaller batch or network"
        )
    except Exception as error:
        failure = builder.failure(f"{type(error).__name__}: {error}", is_certain=True)
    if failure or builder.has_news():
        yield builder.block(failure)


def train_epochs(
    task: PackTask, source: ExampleSource, builder: BlockBuilder, should_stop: Callable[[], bool]
) -> Iterator[Block]:
    """Train a pack and yield its blocks, except the last one, which stays in the builder."""
    pack = Pack(task.shape, task.members, source.of_task(task), states=member_states(task))
    builder.summaries.give_to(pack)
    for each in pack.run_in_parts():
        if isinstance(each, EpochResults):
            builder.add(each, pack)
            is_stopping = should_stop()
            if is_stopping or builder.states_are_due():
                builder.save_states(pack)
            if is_stopping:
                return
        else:
            builder.add_part(each)
        if builder.is_due():
            yield builder.block()


def member_states(task: PackTask) -> list[MemberState] | None:
    """The states that the members resume from, or None if they start anew."""
    return [MemberState.from_arrays(states) for states in task.states] or None
