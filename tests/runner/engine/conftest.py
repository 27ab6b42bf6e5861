"""Fixtures for packs, blocks that a node returns, and sweeps with their trials."""

import itertools

import numpy as np
import pytest
from fitgap.runner.messages import MEASURED, Block, EpochRows
from fitgap.runner.planning.packs import PlannedTrial, pack_shape, pack_task
from fitgap.runner.planning.preparation import prepare_sweep
from fitgap.runner.spec import sweep_from_text


@pytest.fixture(scope="session")
def make_task():
    """`make_task(hidden=4, members=2, epochs=3)`: a pack on iris."""

    def make(hidden=4, members=2, epochs=3):
        text = f"{{data: iris, repeats: {members}, training: {{epochs: {epochs}}}, axes: {{architecture: {hidden}}}}}"
        sweep = prepare_sweep(sweep_from_text(text))
        configuration = sweep.configurations[0]
        trials = [PlannedTrial(number, configuration, number) for number in range(1, members + 1)]
        return pack_task(trials, pack_shape(configuration, sweep), sweep)

    return make


@pytest.fixture(scope="session")
def make_block():
    """`make_block(node, rows=10)`: rows from a node."""

    def make(node, rows=10):
        numbers = dict.fromkeys(MEASURED, np.zeros(rows))
        return Block(EpochRows(np.ones(rows, int), np.arange(rows), **numbers), (), node=node)

    return make


@pytest.fixture
def prepared():
    """`prepared(text)`: a sweep and its trials."""

    def make(text):
        sweep = prepare_sweep(sweep_from_text(text))
        pairs = itertools.product(sweep.configurations, range(1, sweep.sweep.repeats + 1))
        return sweep, [PlannedTrial(number, *pair) for number, pair in enumerate(pairs, start=1)]

    return make
