"""A fixture for packs to train."""

from collections import defaultdict

import pytest
from fitgap.runner.planning.packs import PlannedTrial, pack_shape, pack_task
from fitgap.runner.planning.preparation import prepare_sweep
from fitgap.runner.spec import sweep_from_text


@pytest.fixture
def tasks_of():
    """`tasks_of(text)`: a pack for every shape in a sweep, and its data set; trials are numbered from 10."""

    def make(text):
        sweep = prepare_sweep(sweep_from_text(text))
        pairs = [(each, repeat) for each in sweep.configurations for repeat in range(1, sweep.sweep.repeats + 1)]
        packs = defaultdict(list)
        for number, pair in enumerate(pairs, start=10):
            packs[pack_shape(pair[0], sweep)].append(PlannedTrial(number, *pair))
        tasks = [pack_task(trials, shape, sweep) for shape, trials in packs.items()]
        return tasks, sweep.dataset

    return make
