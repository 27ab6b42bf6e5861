"""Which trials train together: pending trials become packs of one shape."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from core.members import Member, PackShape
from runner.messages import PackTask
from runner.planning import PreparedSweep
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


def pack_trials(trials: Iterable[PlannedTrial], prepared: PreparedSweep, *, workers: int) -> Iterator[PackTask]:
    """Packs over all trials, those that will take longest first, so that no long one starts last."""
    trials = list(trials)
    groups = defaultdict(list)
    for trial in trials:
        # Folds may differ by one example; those of a pack must not.
        split = prepared.splits[trial.repeat]
        sizes = (len(split.training), len(split.validation))
        groups[pack_shape(trial.configuration, prepared), sizes].append(trial)
    size = max(1, min(LARGEST_PACK, len(trials) // (PACKS_PER_WORKER * workers)))
    for (shape, _), members in sorted(groups.items(), key=lambda group: -cost(group[0][0])):
        for part in even_parts(members, size):
            yield pack_task(part, shape, prepared)


def pack_shape(configuration: Configuration, prepared: PreparedSweep) -> PackShape:
    """What a configuration shares with all members of its pack."""
    return PackShape(
        layers=prepared.layers(configuration),
        batch_size=configuration.batch_size,
        loss=configuration.loss.variant,
        reading=prepared.reading,
        class_count=prepared.dataset.class_count,
        dtype=configuration.dtype,
        measured_examples=prepared.sweep.training.measure,
    )


def pack_task(trials: list[PlannedTrial], shape: PackShape, prepared: PreparedSweep) -> PackTask:
    return PackTask(
        trials=tuple(trial.trial_id for trial in trials),
        members=tuple(member_of(trial.configuration, prepared.sweep.seed, trial.repeat) for trial in trials),
        shape=shape,
        preparation=prepared.preparation,
        keep=prepared.sweep.training.keep,
    )


def member_of(configuration: Configuration, seed: int, repeat: int) -> Member:
    """The core's view of one trial."""
    layers = range(1, len(configuration.architecture) + 2)
    return Member(
        activations=tuple(tuple(choice.variant for choice in configuration.functions(layer)) for layer in layers),
        initializer=configuration.initializer.variant,
        regularizers=tuple(choice.variant for choice in configuration.regularizers),
        optimizer=configuration.optimizer.variant,
        schedule=configuration.schedule.variant,
        stopping=tuple(choice.variant for choice in configuration.stopping),
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


def work_of(trials: Iterable[PlannedTrial], prepared: PreparedSweep) -> dict[int, tuple[int, float]]:
    """For each trial its planned epochs and roughly what one of them costs, to tell how much is left."""
    return {
        trial.trial_id: (trial.configuration.epochs, float(cost(pack_shape(trial.configuration, prepared))))
        for trial in trials
    }
