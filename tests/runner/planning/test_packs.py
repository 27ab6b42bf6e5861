"""Packing: every pending trial is in exactly one pack, packs have one shape, and their size keeps workers busy."""

import re
from dataclasses import replace
from itertools import pairwise

import numpy as np
from fitgap.core.datasets import Dataset, Division
from fitgap.core.network_shape import dense_network
from fitgap.core.preprocessing import Preparation
from fitgap.core.target_coding import Numbers
from fitgap.runner.planning import packs
from fitgap.runner.planning.pack_summary import MOST_LINES, packs_in_words
from fitgap.runner.planning.packs import (
    ENOUGH_MEMBERS,
    LARGEST_PACK,
    MANY_WORKERS,
    PlannedTrial,
    block_seconds,
    enough_members,
    even_parts,
    explain_packs,
    groups_of,
    member_bytes,
    pack_shape,
    pack_size,
    pack_trials,
    planned_trials,
    work_of,
)
from fitgap.runner.planning.preparation import PreparedSweep, prepare_sweep
from fitgap.runner.spec import sweep_from_text
from hypothesis import given
from hypothesis import strategies as st

PREPARATION = Preparation(Division(0.3), preprocess="standard", target_scaling="standard")
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


# Configurations of several shapes. Not a fixture, because Hypothesis would print all of them.
CONFIGURATIONS = sweep_from_text(TEXT).configurations()


def planned(configurations, repeats):
    pairs = [(configuration, repeat) for configuration in configurations for repeat in range(1, repeats + 1)]
    return [PlannedTrial(100 + number, *pair) for number, pair in enumerate(pairs)]


def prepared(repeats=9, seed=0, **changes):
    """A prepared sweep whose targets are two columns of numbers."""
    sweep = replace(sweep_from_text(TEXT), repeats=repeats, seed=seed)
    return PreparedSweep(**{**vars(PreparedSweep(sweep, DATASET, PREPARATION, Numbers(), ())), **changes})


@given(workers=st.integers(1, 64), repeats=st.integers(1, 9), count=st.integers(0, 36))
def test_every_trial_is_in_one_pack_with_its_own_settings(workers, repeats, count):
    trials, sweep = planned(CONFIGURATIONS[:count], repeats), prepared(seed=5)
    tasks = list(pack_trials(iter(trials), sweep, workers=workers))
    packed = {
        number: (task, member) for task in tasks for number, member in zip(task.trials, task.members, strict=True)
    }
    assert sorted(number for task in tasks for number in task.trials) == [trial.trial_id for trial in trials]
    for trial in trials:
        task, member = packed[trial.trial_id]
        wanted = trial.configuration
        assert task.shape == pack_shape(wanted, sweep)
        assert task.shape.network.sizes == (5, *wanted.architecture, 2)
        assert (task.shape.batch_size, task.shape.dtype) == (wanted.batch_size, wanted.dtype)
        assert (member.seed, member.repeat, member.epochs) == (5, trial.repeat, wanted.epochs)
        assert member.optimizer == wanted.optimizer.variant
        assert member.regularizers == tuple(choice.variant for choice in wanted.regularizers)
        assert task.preparation is PREPARATION


@given(workers=st.integers(1, 64), repeats=st.integers(1, 9))
def test_packs_are_small_enough_and_the_costly_ones_come_first(workers, repeats):
    trials = planned(CONFIGURATIONS, repeats)
    tasks = list(pack_trials(trials, prepared(), workers=workers))
    assert all(1 <= len(task.trials) <= enough_members(task.shape) for task in tasks)
    weights = [sum(a * b for a, b in pairwise(task.shape.network.sizes)) for task in tasks]
    assert weights == sorted(weights, reverse=True)


def test_a_large_sweep_gives_every_worker_several_packs():
    trials = planned(CONFIGURATIONS[:1], 64)
    assert len(list(pack_trials(trials, prepared(repeats=64), workers=8))) >= 2 * 8


def test_members_that_differ_in_more_than_the_shape_share_a_pack():
    alike = [each for each in CONFIGURATIONS if each.architecture == (4,) and each.batch_size == 8]
    tasks = list(pack_trials(planned(alike, 2), prepared(), workers=1))
    assert len({task.shape for task in tasks}) == 1
    assert len({type(member.optimizer) for member in tasks[0].members}) == 2


def test_dtype_and_loss_separate_packs():
    double = replace(CONFIGURATIONS[0], dtype="float64")
    assert pack_shape(double, prepared()) != pack_shape(CONFIGURATIONS[0], prepared())


@given(count=st.integers(1, 200), largest=st.integers(1, 30))
def test_parts_keep_the_order_and_differ_in_size_by_one_at_most(count, largest):
    parts = list(even_parts(count, largest))
    assert [item for part in parts for item in range(*part)] == list(range(count))
    sizes = {stop - start for start, stop in parts}
    assert max(sizes) <= largest and max(sizes) - min(sizes) <= 1


def test_no_trials_make_no_packs():
    assert list(pack_trials([], prepared(), workers=4)) == []


def test_the_work_of_a_trial_is_its_epochs_and_the_connections_of_its_network():
    trials = planned([each for each in CONFIGURATIONS if each.architecture == (100, 50)][:1], 1)
    (work,) = work_of(trials, prepared()).values()
    assert work == (trials[0].configuration.epochs, 5 * 100 + 100 * 50 + 50 * 2)


def test_folds_of_different_sizes_do_not_share_a_pack():
    """Ten examples in three folds: one fold has four of them, but all members of a pack need equally many."""
    folds = replace(PREPARATION, division=Division(folds=3))
    sweep = prepared(repeats=1, preparation=folds)
    tasks = list(pack_trials(planned(CONFIGURATIONS[:4], 3), sweep, workers=1))
    for task in tasks:
        assert len({len(sweep.splits[member.repeat].training) for member in task.members}) == 1
    assert sum(len(task.trials) for task in tasks) == 12


def test_a_large_network_gets_a_small_pack(monkeypatch):
    """Networks that exceed the cache gain nothing from a larger pack; small ones gain nothing beyond some size."""
    monkeypatch.setattr(packs, "cache_bytes", lambda: 1 << 20)
    (group,) = groups_of(planned(CONFIGURATIONS[:1], 9), prepared())
    for layers in ((64, 16, 10), (64, 256, 128, 10), (500, 2000, 10)):
        shape = replace(pack_shape(CONFIGURATIONS[0], prepared()), network=dense_network(layers))
        size = pack_size(replace(group, shape=shape), total=1e15, workers=1)
        assert size.members == 1 or size.members * member_bytes(shape) <= packs.CACHES_PER_PACK * (1 << 20)
        assert (size.members + 1) * member_bytes(shape) > packs.CACHES_PER_PACK * (1 << 20) or (
            size.members == enough_members(shape) and size.because == "more would not be faster"
        )


def test_more_tiny_networks_than_others_share_a_pack():
    """They train so fast that the fixed cost of a pack matters."""
    shape = replace(pack_shape(CONFIGURATIONS[0], prepared()), batch_size=32)
    sizes = [(2, 1), (4, 8, 3), (64, 16, 10), (64, 256, 128, 10)]
    tiny, small, *others = (enough_members(replace(shape, network=dense_network(layers))) for layers in sizes)
    assert tiny == LARGEST_PACK > small > ENOUGH_MEMBERS == others[0] == others[1]


def test_a_dry_run_tells_every_shape_with_its_packs_and_the_reason():
    trials = planned(CONFIGURATIONS, 3)
    lines = list(explain_packs(groups_of(trials, prepared()), workers=2))
    tasks = list(pack_trials(trials, prepared(), workers=2))
    shapes = {task.shape for task in tasks}
    assert len(lines) == len(shapes)
    assert sum(int(re.split(" packs? of", line)[0].rsplit(" ", 1)[1]) for line in lines) == len(tasks)
    assert all("2 workers" in line and "KB" in line for line in lines)


def test_many_groups_of_packs_are_told_in_one_line():
    groups = groups_of(planned(CONFIGURATIONS, 3), prepared())
    assert list(packs_in_words(groups, workers=2)) == list(explain_packs(groups, workers=2))
    many = groups * (MOST_LINES // len(groups) + 1)
    (line,) = packs_in_words(many, workers=2)
    packs = sum(int(re.split(" packs? of", each)[0].rsplit(" ", 1)[1]) for each in explain_packs(many, workers=2))
    trials = sum(group.count for group in many)
    assert line.startswith(f"{len(many)} groups of equal networks: {trials} trials in {packs} packs of up to ")


def test_workers_that_are_many_send_their_blocks_less_often():
    """So that a driver gets about as many blocks per second, however many workers there are."""
    assert block_seconds(1) == block_seconds(MANY_WORKERS) == 0.0
    assert block_seconds(MANY_WORKERS + 1) > 0.5
    assert block_seconds(1_000) == 10.0
    for workers in (2, 1_000):
        packs = pack_trials(planned(CONFIGURATIONS, 2), prepared(), workers=workers)
        assert {pack.block_seconds for pack in packs} == {block_seconds(workers)}


def test_the_cache_of_other_machines_counts_where_they_train(monkeypatch):
    """Packs for a cluster are sized by its smallest cache, not by that of this machine."""
    monkeypatch.setattr(packs, "cache_bytes", lambda: 1 << 30)
    sweep = prepare_sweep(sweep_from_text("{data: digits, repeats: 400, axes: {architecture: 64-32}}"))
    groups = groups_of(planned_trials(sweep), sweep)
    here, there = (
        max(len(task.trials) for task in packs.pack_groups(groups, sweep, workers=1, cache=cache))
        for cache in (None, 1 << 18)
    )
    assert here > 40 > there
