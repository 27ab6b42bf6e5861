"""Which trials train together: pending trials become packs of one shape."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from core.data import Dataset
from core.members import Member, PackShape
from core.preprocessing import Preparation
from runner.messages import PackTask
from runner.spec import Configuration

# Members beyond this many gain little: the calls are shared already, and the buffers leave the cache.
LARGEST_PACK = 24
# Every worker should get several packs, so that none waits long for the last.
PACKS_PER_WORKER = 4


@dataclass(frozen=True)
class PlannedTrial:
    """A trial that waits to be trained: its number, what to train and in which repeat."""

    trial_id: int
    configuration: Configuration
    repeat: int


def pack_trials(
    trials: Iterable[PlannedTrial], dataset: Dataset, preparation: Preparation, *, seed: int, workers: int
) -> Iterator[PackTask]:
    """Packs over all trials, those that will take longest first, so that no long one starts last."""
    trials = list(trials)
    groups = defaultdict(list)
    for trial in trials:
        groups[pack_shape(trial.configuration, dataset)].append(trial)
    size = max(1, min(LARGEST_PACK, len(trials) // (PACKS_PER_WORKER * workers)))
    for shape, members in sorted(groups.items(), key=lambda group: -cost(group[0])):
        for part in even_parts(members, size):
            yield pack_task(part, shape, preparation, seed)


def pack_shape(configuration: Configuration, dataset: Dataset) -> PackShape:
    """What a configuration shares with all members of its pack."""
    return PackShape(
        layers=(dataset.input_count, *configuration.architecture, dataset.output_count),
        batch_size=configuration.batch_size,
        loss=configuration.loss.variant,
        dtype=configuration.dtype,
    )


def pack_task(trials: list[PlannedTrial], shape: PackShape, preparation: Preparation, seed: int) -> PackTask:
    return PackTask(
        trials=tuple(trial.trial_id for trial in trials),
        members=tuple(member_of(trial.configuration, seed, trial.repeat) for trial in trials),
        shape=shape,
        preparation=preparation,
    )


def member_of(configuration: Configuration, seed: int, repeat: int) -> Member:
    """The core's view of one trial."""
    return Member(
        activation=configuration.activation.variant,
        output_activation=configuration.output_activation.variant,
        initializer=configuration.initializer.variant,
        regularizers=tuple(choice.variant for choice in configuration.regularizers),
        optimizer=configuration.optimizer.variant,
        epochs=configuration.epochs,
        seed=seed,
        repeat=repeat,
    )


def cost(shape: PackShape) -> int:
    """Roughly how much work an example is: the connections of the network."""
    return sum(inputs * outputs for inputs, outputs in zip(shape.layers, shape.layers[1:], strict=False))


def even_parts(trials: list[PlannedTrial], largest: int) -> Iterator[list[PlannedTrial]]:
    """Neighbouring trials in parts of nearly equal size, none above `largest`."""
    count = -(-len(trials) // largest)
    for part in range(count):
        yield trials[part * len(trials) // count : (part + 1) * len(trials) // count]


def work_of(trials: Iterable[PlannedTrial], dataset: Dataset) -> dict[int, tuple[int, float]]:
    """For each trial its planned epochs and roughly what one of them costs, to tell how much is left."""
    return {
        trial.trial_id: (trial.configuration.epochs, float(cost(pack_shape(trial.configuration, dataset))))
        for trial in trials
    }
