"""The bare core: local processes train the packs of a sweep, and nothing is sent, written or reported."""

import multiprocessing
import time
from multiprocessing.sharedctypes import Synchronized
from multiprocessing.synchronize import Barrier

from fitgap.core.training import train
from fitgap.runner.engine.worker.examples import PreparedRepeats
from fitgap.runner.messages import PackTask
from fitgap.runner.planning.packs import pack_trials, planned_trials

from benchmarks.ours.driving import prepared_sweep


def time_loop(sweep: str, processes: int) -> dict[str, float]:
    """Seconds until the last pack is trained, not counting the start of processes and the preparation of examples."""
    context = multiprocessing.get_context("spawn")
    barrier, following, times = context.Barrier(processes), context.Value("i", 0), context.Queue()
    workers = [
        context.Process(target=train_packs, args=(sweep, processes, barrier, following, times))
        for _ in range(processes)
    ]
    for worker in workers:
        worker.start()
    starts, ends = zip(*(times.get() for _ in workers), strict=True)
    for worker in workers:
        worker.join()
    return {"seconds": max(ends) - min(starts)}


def train_packs(
    sweep: str, processes: int, barrier: Barrier, following: Synchronized, times: multiprocessing.Queue
) -> None:
    """Train one pack after another, as the driver plans them for this many workers; reports start and end times."""
    prepared = prepared_sweep(sweep)
    tasks = list(pack_trials(planned_trials(prepared), prepared, workers=processes))
    source = PreparedRepeats(prepared.dataset)
    examples: dict = {}
    for task in tasks:
        if task.shape not in examples:
            examples[task.shape] = all_repeats(tasks, task, source)
    run(tasks[0], examples)
    barrier.wait()
    start = time.monotonic()
    while (number := take(following)) < len(tasks):
        run(tasks[number], examples)
    times.put((start, time.monotonic()))


def all_repeats(tasks: list[PackTask], task: PackTask, source: PreparedRepeats) -> dict:
    """The examples of every repeat in the packs with the shape of `task`."""
    prepared: dict = {}
    for each in tasks:
        if each.shape == task.shape and not {member.repeat for member in each.members} <= prepared.keys():
            prepared |= source.of_task(each)
    return prepared


def run(task: PackTask, examples: dict) -> None:
    for _ in train(task.shape, task.members, examples[task.shape]):
        pass


def take(following: Synchronized) -> int:
    """The number of the next pack, given to one process only."""
    with following.get_lock():
        following.value += 1
        return following.value - 1
