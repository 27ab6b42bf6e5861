"""What a worker does with a pack, the same in every engine: train it and send blocks of epochs."""

from collections.abc import Callable, Iterator

from fitgap.core.checkpoints import MemberState
from fitgap.core.training import EpochResults, Pack
from fitgap.runner.engine.worker.block_builder import BlockBuilder
from fitgap.runner.engine.worker.examples import ExampleSource
from fitgap.runner.messages import Block, PackTask
from fitgap.runner.system.blas import one_blas_thread


def never() -> bool:
    """Nobody asks to stop."""
    return False


def train_pack(task: PackTask, source: ExampleSource, should_stop: Callable[[], bool] = never) -> Iterator[Block]:
    """Train a pack to its end and yield its epochs in blocks, with its state about once a minute.

    Where `should_stop` says so after an epoch, the pack saves its state and leaves. An error of any kind is told as a
    loss: here, where one pack ends, the others go on.
    """
    builder = BlockBuilder(task)
    failure = None
    try:
        with one_blas_thread():
            yield from train_epochs(task, source, builder, should_stop)
    except MemoryError as error:
        failure = builder.failure(
            f"out of memory: {str(error) or 'no more could be had'}; a smaller batch or network needs less"
        )
    except Exception as error:
        failure = builder.failure(f"{type(error).__name__}: {error}", is_certain=True)
    if failure or builder.has_news():
        yield builder.block(failure)


def train_epochs(
    task: PackTask, source: ExampleSource, builder: BlockBuilder, should_stop: Callable[[], bool]
) -> Iterator[Block]:
    """The epochs of a pack, those of the last block left in the builder."""
    pack = Pack(task.shape, task.members, source.of_task(task), states=member_states(task))
    pack.evidence.errors_at_best |= builder.errors_before
    for each in pack.run_in_parts():
        if isinstance(each, EpochResults):
            builder.add(each, pack)
            is_stopping = should_stop()
            if is_stopping or builder.states_are_due():
                builder.save_states(pack)
            if is_stopping:
                return
        else:
            builder.note(each)
        if builder.is_due():
            yield builder.block()


def member_states(task: PackTask) -> list[MemberState] | None:
    """The states that the members go on from, where they do."""
    return [MemberState.from_arrays(states) for states in task.states] or None
