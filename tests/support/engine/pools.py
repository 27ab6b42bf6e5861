"""Pools of processes that train small sweeps, and helpers that wait for them."""

import itertools
import time
from pathlib import Path

from fitgap.runner.planning.packs import PlannedTrial, pack_trials
from fitgap.runner.planning.preparation import prepare_sweep
from fitgap.runner.spec import sweep_from_text

PATIENCE = 60.0
SWEEP = "{data: iris, repeats: 6, training: {epochs: 8}, axes: {architecture: [4, 8-4]}}"
# Trains until it is stopped.
ENDLESS = "{data: iris, repeats: 2, training: {epochs: 1000000}}"


def packs_of(text, workers=2):
    """The packs of a sweep, and its data set."""
    sweep = prepare_sweep(sweep_from_text(text))
    pairs = itertools.product(sweep.configurations, range(1, sweep.sweep.repeats + 1))
    trials = [PlannedTrial(number, *pair) for number, pair in enumerate(pairs, start=1)]
    return list(pack_trials(trials, sweep, workers=workers)), sweep.dataset


def blocks_of(processes, tasks):
    """All blocks that arrive until these tasks have been trained."""
    tasks, blocks = iter(tasks), []
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and processes.workers:
        processes.submit(tasks)
        if processes.is_ready and not processes.running:
            return blocks
        blocks += [block for _, block in processes.poll(0.2)]
    raise AssertionError(f"after {PATIENCE} s {processes.running} were in training by {processes.workers}")


def wait_for_blocks(processes, tasks, count):
    """Train until N blocks have arrived."""
    tasks, blocks = iter(tasks), []
    while len(blocks) < count:
        processes.submit(tasks)
        blocks += [block for _, block in processes.poll(1.0)]
    return blocks


def wait_until(condition, seconds=PATIENCE):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    return condition()


def stat_fields(process):
    """The fields of /proc/…/stat from the state on; empty if there is no such process."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def is_alive(process):
    return stat_fields(process)[:1] not in ([], ["Z"], ["X"])


def processor_ticks(process):
    return sum(map(int, stat_fields(process)[11:13]))
