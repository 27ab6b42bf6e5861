"""Packing: every waiting trial is in exactly one pack, packs share a shape, and their size keeps workers busy."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.data import Dataset
from core.preprocessing import Preparation
from runner.packing import LARGEST_PACK, PlannedTrial, even_parts, pack_shape, pack_trials, work_of
from runner.spec import sweep_from_text

PREPARATION = Preparation(validation=0.3, preprocess="standard", target_scaling="standard")
DATASET = Dataset("made", np.zeros((10, 5)), np.zeros((10, 2)), "numbers", tuple("abcde"), ("y", "z"))
TEXT = """
data: iris
axes:
  architecture: [none, 4, 100-50]
  batch_size: [8, 32]
  epochs: [2, 7]
  regularizer: [none, {l1: {weight: 0.1}, dropout: {ratio: 0.5}}]
  optimizer: [adam, {gradient_descent: {rate: [0.1, 0.2]}}]
"""


@pytest.fixture(scope="module")
def configurations():
    """Configurations of several shapes."""
    return sweep_from_text(TEXT).configurations()


def planned(configurations, repeats):
    pairs = [(configuration, repeat) for configuration in configurations for repeat in range(1, repeats + 1)]
    return [PlannedTrial(100 + number, *pair) for number, pair in enumerate(pairs)]


@given(workers=st.integers(1, 64), repeats=st.integers(1, 9), count=st.integers(0, 36))
def test_every_trial_is_in_one_pack_with_its_own_settings(workers, repeats, count, configurations):
    trials = planned(configurations[:count], repeats)
    tasks = list(pack_trials(iter(trials), DATASET, PREPARATION, seed=5, workers=workers))
    packed = {
        number: (task, member) for task in tasks for number, member in zip(task.trials, task.members, strict=True)
    }
    assert sorted(number for task in tasks for number in task.trials) == [trial.trial_id for trial in trials]
    for trial in trials:
        task, member = packed[trial.trial_id]
        wanted = trial.configuration
        assert task.shape == pack_shape(wanted, DATASET)
        assert task.shape.layers == (5, *wanted.architecture, 2)
        assert (task.shape.batch_size, task.shape.dtype) == (wanted.batch_size, wanted.dtype)
        assert (member.seed, member.repeat, member.epochs) == (5, trial.repeat, wanted.epochs)
        assert member.optimizer == wanted.optimizer.variant
        assert member.regularizers == tuple(choice.variant for choice in wanted.regularizers)
        assert task.preparation is PREPARATION


@given(workers=st.integers(1, 64), repeats=st.integers(1, 9))
def test_packs_are_small_enough_and_the_costly_ones_come_first(workers, repeats, configurations):
    trials = planned(configurations, repeats)
    tasks = list(pack_trials(trials, DATASET, PREPARATION, seed=0, workers=workers))
    assert all(1 <= len(task.trials) <= LARGEST_PACK for task in tasks)
    weights = [sum(a * b for a, b in zip(task.shape.layers, task.shape.layers[1:], strict=False)) for task in tasks]
    assert weights == sorted(weights, reverse=True)


def test_a_large_sweep_gives_every_worker_several_packs(configurations):
    trials = planned(configurations[:1], 64)
    assert len(list(pack_trials(trials, DATASET, PREPARATION, seed=0, workers=8))) >= 4 * 8


def test_members_that_differ_in_more_than_the_shape_share_a_pack(configurations):
    alike = [each for each in configurations if each.architecture == (4,) and each.batch_size == 8]
    tasks = list(pack_trials(planned(alike, 2), DATASET, PREPARATION, seed=0, workers=1))
    assert len({task.shape for task in tasks}) == 1
    assert len({type(member.optimizer) for member in tasks[0].members}) == 2


def test_dtype_and_loss_separate_packs(configurations):
    double = replace(configurations[0], dtype="float64")
    assert pack_shape(double, DATASET) != pack_shape(configurations[0], DATASET)


@given(count=st.integers(1, 200), largest=st.integers(1, 30))
def test_parts_keep_the_order_and_differ_in_size_by_one_at_most(count, largest):
    parts = list(even_parts(list(range(count)), largest))
    assert [item for part in parts for item in part] == list(range(count))
    sizes = {len(part) for part in parts}
    assert max(sizes) <= largest and max(sizes) - min(sizes) <= 1


def test_no_trials_make_no_packs():
    assert list(pack_trials([], DATASET, PREPARATION, seed=0, workers=4)) == []


def test_the_work_of_a_trial_is_its_epochs_and_the_connections_of_its_network(configurations):
    trials = planned([each for each in configurations if each.architecture == (100, 50)][:1], 1)
    (work,) = work_of(trials, DATASET).values()
    assert work == (trials[0].configuration.epochs, 5 * 100 + 100 * 50 + 50 * 2)
