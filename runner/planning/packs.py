"""Packing: groups pending trials of one shape into packs that are trained together."""

import itertools
import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial

from fitgap.core.members import LayerFunctions, Member, PackShape, sorting_key
from fitgap.runner.amounts import counted
from fitgap.runner.engine.dispatch.pack_memory import member_bytes
from fitgap.runner.messages import PackTask
from fitgap.runner.planning.data_variants import variant_of
from fitgap.runner.planning.preparation import PreparedSweep
from fitgap.runner.spec import Configuration
from fitgap.runner.spec.architectures import layer_of

# More members than this bring no further gain, because they already share the overhead of calls. Packs of tiny
# networks, whose epochs take hardly longer than a call, gain up to this much memory, or up to the largest size.
ENOUGH_MEMBERS, ENOUGH_BYTES, LARGEST_PACK = 48, 1 << 19, 192
# Every worker gets more than one pack, because packs differ in duration and other drivers may take some. Packs need not
# be small from the start, because toward the end packs in training are split for idle workers.
PACKS_PER_WORKER = 2
# A pack may exceed a core's second-level cache this many times before the slowdown outweighs the gain.
CACHES_PER_PACK = 8
USUAL_CACHE_BYTES = 1 << 20
# Above this many workers, each sends blocks less often, because even a small block costs the driver over 1 ms.
MANY_WORKERS, BLOCKS_PER_SECOND = 50, 100


@dataclass(frozen=True)
class PlannedTrial:
    """A trial to be trained: its number, configuration and repeat.

    Training resumes after `epoch` if a state was saved. `worker_failures` counts how often its driver or worker died
    while training it. `leg` is the epoch of the rung at which it then waits, None if it trains to its end.
    """

    trial_id: int
    configuration: Configuration
    repeat: int
    epoch: int = 0
    worker_failures: int = 0
    leg: int | None = None


@dataclass(frozen=True)
class PackSize:
    """The number of members in packs of one shape, and the reason for it."""

    members: int
    because: str

    def after(self, worker_failures: int) -> "PackSize":
        """This size, halved for every failure to isolate the trial that causes the failures."""
        if not worker_failures:
            return self
        return PackSize(
            max(1, self.members >> worker_failures), "their worker died before, and one of them may be the cause"
        )


@dataclass(frozen=True)
class TrialGroup:
    """Pending trials that may share packs: `count` trials with `epochs` epochs left in total.

    `select(start, stop)` returns a range of them, in an order that puts similar trials into one pack. Trials with the
    most epochs come first, so that a pack's trials end together. With equal epochs, trials of the same kind are
    adjacent, because they share calls. `worker_failures` is how often their worker died before.
    """

    shape: PackShape
    count: int
    epochs: int
    worker_failures: int
    select: Callable[[int, int], Sequence[PlannedTrial]]

    @property
    def work(self) -> float:
        """The remaining work, in connections times epochs."""
        return float(self.epochs * cost(self.shape))


def pack_trials(trials: Iterable[PlannedTrial], prepared: PreparedSweep, *, workers: int) -> Iterator[PackTask]:
    """Packs of all these trials."""
    return pack_groups(groups_of(trials, prepared), prepared, workers=workers)


def pack_groups(
    groups: Sequence[TrialGroup], prepared: PreparedSweep, *, workers: int, cache: int | None = None
) -> Iterator[PackTask]:
    """Packs of all groups, longest first, so that no long pack starts last.

    `cache` is the size in bytes of a core's second-level cache on the training machine; default: this machine's.
    """
    for group, size in sized(groups, workers, cache):
        for start, stop in even_parts(group.count, size.members):
            # The trials may have been deleted since they were counted.
            if trials := group.select(start, stop):
                yield replace(pack_task(trials, group.shape, prepared), block_seconds=block_seconds(workers))


def sized(
    groups: Sequence[TrialGroup], workers: int, cache: int | None = None
) -> Iterator[tuple[TrialGroup, PackSize]]:
    """The groups in packing order, with the sizes of their packs."""
    total = sum(group.work for group in groups)
    for group in sorted(groups, key=lambda group: -cost(group.shape)):
        yield group, pack_size(group, total, workers, cache)


def groups_of(trials: Iterable[PlannedTrial], prepared: PreparedSweep) -> list[TrialGroup]:
    """The groups of trials that are held in memory."""
    groups = defaultdict(list)
    for trial in trials:
        # Folds may differ by one example, but all repeats of a pack must have the same number.
        split = prepared.splits[trial.repeat]
        sizes = (len(split.training), len(split.validation), variant_of(trial.configuration, prepared.sweep))
        groups[pack_shape(trial.configuration, prepared), sizes, trial.epoch, trial.worker_failures].append(trial)
    for members in groups.values():
        members.sort(key=lambda trial: (-trial.configuration.epochs, kinds_of(trial, prepared)))
    return [
        TrialGroup(shape, len(members), sum(map(epochs_left, members)), worker_failures, partial(between, members))
        for (shape, _, _, worker_failures), members in groups.items()
    ]


def between(trials: Sequence[PlannedTrial], start: int, stop: int) -> Sequence[PlannedTrial]:
    return trials[start:stop]


def epochs_left(trial: PlannedTrial) -> int:
    return (trial.leg or trial.configuration.epochs) - trial.epoch


def planned_trials(prepared: PreparedSweep) -> Iterator[PlannedTrial]:
    """All trials of a sweep that is not stored yet, with provisional numbers."""
    pairs = itertools.product(prepared.configurations, range(1, prepared.repeat_count + 1))
    return (PlannedTrial(number, *pair) for number, pair in enumerate(pairs, start=1))


def explain_packs(groups: Sequence[TrialGroup], *, workers: int, cache: int | None = None) -> Iterator[str]:
    """One line per group: its number of packs, their size and the reason for it."""
    for group, size in sized(groups, workers, cache):
        layers, kilobytes = group.shape.network.label, member_bytes(group.shape) / 1024
        packs = sum(1 for _ in even_parts(group.count, size.members))
        yield (
            f"{layers}: {counted(group.count, 'trial')} in {counted(packs, 'pack')} of up to {size.members} "
            f"({size.because}; a trial needs {kilobytes:.0f} KB, {counted(workers, 'worker')})"
        )


def kinds_of(trial: PlannedTrial, prepared: PreparedSweep) -> tuple[str, ...]:
    return sorting_key(member_of(trial.configuration, prepared.sweep.seed, trial.repeat))


def pack_size(group: TrialGroup, total: float, workers: int, cache: int | None = None) -> PackSize:
    """The best pack size: limited by the gain in speed, by the cache, and by giving every worker several packs."""
    bounds = {
        "more would not be faster": enough_members(group.shape),
        "more would not fit in the cache": CACHES_PER_PACK * (cache or cache_bytes()) // member_bytes(group.shape),
        "every worker gets several packs": int(total * group.count / group.work / (PACKS_PER_WORKER * workers)),
    }
    because = min(bounds, key=lambda reason: bounds[reason])
    return PackSize(max(1, bounds[because]), because).after(group.worker_failures)


def enough_members(shape: PackShape) -> int:
    """The number of members beyond which larger packs are not faster."""
    return min(LARGEST_PACK, max(ENOUGH_MEMBERS, ENOUGH_BYTES // member_bytes(shape)))


@cache
def cache_bytes() -> int:
    """The size of a core's second-level cache; a common size if the system does not report it."""
    names = getattr(os, "sysconf_names", {})
    reported = os.sysconf("SC_LEVEL2_CACHE_SIZE") if "SC_LEVEL2_CACHE_SIZE" in names else 0
    return reported if reported > 0 else USUAL_CACHE_BYTES


def pack_shape(configuration: Configuration, prepared: PreparedSweep) -> PackShape:
    """The settings that a configuration shares with all members of its pack."""
    return PackShape(
        network=prepared.network(configuration),
        batch_size=configuration.batch_size,
        loss=configuration.loss.variant,
        reading=prepared.reading,
        class_count=prepared.dataset.class_count,
        dtype=configuration.dtype,
        measured_examples=prepared.sweep.training.measure,
    )


def pack_task(trials: Sequence[PlannedTrial], shape: PackShape, prepared: PreparedSweep) -> PackTask:
    """The task of training these trials, which all use the examples in the same way."""
    return PackTask(
        trials=tuple(trial.trial_id for trial in trials),
        members=tuple(member_of(trial.configuration, prepared.sweep.seed, trial.repeat) for trial in trials),
        shape=shape,
        preparation=prepared.preparation_for(trials[0].configuration),
        keep=prepared.sweep.training.keep,
        recording=prepared.sweep.training.record,
    )


def member_of(configuration: Configuration, seed: int, repeat: int) -> Member:
    """The core's representation of one trial."""
    return Member(
        activations=functions_by_layer(configuration),
        initializer=configuration.initializer.variant,
        regularizers=tuple(choice.variant for choice in configuration.regularizers),
        optimizer=configuration.optimizer.variant,
        schedule=configuration.schedule.variant,
        stopping=tuple(choice.variant for choice in configuration.stopping),
        epochs=configuration.epochs,
        seed=seed,
        repeat=repeat,
    )


def functions_by_layer(configuration: Configuration) -> tuple[LayerFunctions, ...]:
    """The activation functions of all layers, the output layer last; empty for layers that have none."""
    functions = iter(configuration.all_functions)
    hidden = [next(functions) if layer_of(each).has_functions else () for each in configuration.architecture]
    return tuple(tuple(choice.variant for choice in layer) for layer in (*hidden, next(functions)))


def cost(shape: PackShape) -> int:
    """Approximate work per example: the multiplications of the network, one per connection of dense layers."""
    return shape.network.multiplications


def block_seconds(workers: int) -> float:
    """Minimum time between a worker's blocks, so that the driver keeps up; 0 for few workers."""
    return workers / BLOCKS_PER_SECOND if workers > MANY_WORKERS else 0.0


def even_parts(count: int, largest: int) -> Iterator[tuple[int, int]]:
    """The bounds of the parts when `count` items are divided evenly into parts of at most `largest`."""
    parts = -(-count // largest)
    for part in range(parts):
        yield part * count // parts, (part + 1) * count // parts


def planned_work(prepared: PreparedSweep) -> Iterator[float]:
    """The work of each configuration of a sweep that is not stored yet, in the units of `TrialGroup.work`."""
    for each in prepared.configurations:
        yield float(prepared.repeat_count * each.epochs * cost(pack_shape(each, prepared)))


def work_of(trials: Iterable[PlannedTrial], prepared: PreparedSweep) -> dict[int, tuple[int, float]]:
    """For each trial, its remaining epochs and the approximate cost of one epoch."""
    return {
        trial.trial_id: (epochs_left(trial), float(prepared.network(trial.configuration).multiplications))
        for trial in trials
    }
